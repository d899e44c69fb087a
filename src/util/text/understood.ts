import type { z } from 'zod';

/**
 * What is read of a value from elsewhere. One that has another form says nothing.
 * @param refuse makes the error of that; it is told where in the value, and what is wrong there.
 * @param whole what the value is called where all of it is wrong.
 */
export function understood<S extends z.ZodType>(
  schema: S,
  value: unknown,
  refuse: (how: string) => Error,
  whole = 'the answer',
): z.output<S> {
  const read = schema.safeParse(value);
  if (read.success) return read.data;
  const issue = read.error.issues[0];
  throw refuse(`${issue?.path.join('.') || whole}: ${issue?.message}`);
}
