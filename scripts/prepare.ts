import { progressText } from '../src/app/progress-text.ts';
import { cacheFolder } from '../src/artifacts/cache.ts';
import { ensureBinaries } from '../src/artifacts/ensure.ts';
import { DEFAULT_KUBERNETES_VERSION, defaultEtcdVersion } from '../src/artifacts/versions.ts';
import { ensureImage } from '../src/providers/local/image/ensure.ts';

process.umask(0o022); // as haup itself: machines' users read what is made here

/** Says each thing once, and again only when ten seconds have passed: a log, not a display. */
function sparingly(): (topic: string, message: string) => void {
  const said = new Map<string, number>();
  return (topic, message) => {
    const last = said.get(topic);
    if (last !== undefined && Date.now() - last < 10_000) return;
    said.set(topic, Date.now());
    console.log(`prepare: ${message}`);
  };
}

const say = sparingly();
const kubernetesVersion = process.argv[2] ?? DEFAULT_KUBERNETES_VERSION;
const etcdVersion = process.argv[3] ?? defaultEtcdVersion(kubernetesVersion);
const { folder, provenance } = await ensureBinaries({
  environment: process.env,
  kubernetesVersion,
  etcdVersion,
  onProgress: (progress) => {
    const { topic, message } = progressText(progress);
    say(topic, message);
  },
});
console.log(`prepare: binaries (${provenance.kind}): ${folder}`);
const image = await ensureImage({
  cacheFolder: cacheFolder(process.env),
  environment: process.env,
  onProgress: (message) => say(message, message),
});
console.log(`prepare: machine image: ${image}`);
