/** Imported first: where the tests' support, which the bench uses as well, keeps its clusters, and what it runs. */
export const HOME = '/var/tmp/haup-bench';
process.env.HAUP_E2E_HOME = HOME;
