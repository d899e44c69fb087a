/**
 * Storage for `scripts/demo backup`: a server of S3's language in the cluster's own network, which ends with this process. Prints the address
 * of a repository, and the file of the credentials for it.
 *
 *   HAUP_E2E_HOME=$HAUP_HOME node --import tsx scripts/demo-storage.ts CLUSTER API-ADDRESS
 */
import { startStorage } from '../test/e2e/support/s3.ts';

const [cluster = '', address = ''] = process.argv.slice(2);
const storage = await startStorage(cluster, address);
process.once('SIGTERM', () => void storage.close().then(() => process.exit()));
process.stdout.write(`${storage.address}/backups/demo ${storage.credentials}\n`);
