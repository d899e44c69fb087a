import { fileURLToPath } from 'node:url';

/**
 * The folder that holds package.json, scripts and addons, with a slash at its end. This file and what is built of it (dist/cli) are
 * equally deep below it, which is why nobody else asks where their own file is.
 */
export const packageRoot = fileURLToPath(new URL('../../', import.meta.url));
