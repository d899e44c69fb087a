import { z } from 'zod';

const schema = z.object({ message: z.string() });

/** What a Status object, the API server's answer to what it does not do, says; null for anything else. */
export function statusMessage(answer: unknown): string | null {
  return schema.safeParse(answer).data?.message ?? null;
}
