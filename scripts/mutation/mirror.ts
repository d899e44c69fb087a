/** One test has a line for each kind of step (its type makes it so). */
const STEP = /^src\/cluster\/plan\/steps\/(?!.*effects)/;

/** The test beside a source's mirror. */
export function mirrorOf(file: string): string {
  if (STEP.test(file)) return 'test/unit/cluster/plan/steps/index.test.ts';
  return file.replace(/^src\//, 'test/unit/').replace(/\.ts$/, '.test.ts');
}
