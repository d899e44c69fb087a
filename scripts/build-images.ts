import { ensureOfflineImages } from '../src/artifacts/images/offline.ts';

/** Builds the images that nodes need where no registry can be reached; prints the archives' paths, for `--images`. */
const archives = await ensureOfflineImages({
  environment: process.env,
  onProgress: (message) => console.error(`build-images: ${message}`),
});
for (const path of Object.values(archives)) console.log(path);
