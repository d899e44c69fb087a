import { readFile, writeFile } from 'node:fs/promises';
import { imageArchive, imageLayer } from '../src/artifacts/images/layout.ts';
import { hostArchitecture } from '../src/artifacts/sources.ts';

/** `demo-etcd-image.ts ETCD ARCHIVE`: makes the image haup.local/etcd:1 of an etcd that is linked statically, as all that haup builds are. */
const [program, archive] = process.argv.slice(2);
await writeFile(
  archive!,
  imageArchive({
    name: 'haup.local/etcd:1',
    architecture: hostArchitecture(),
    layers: [imageLayer([{ path: '/etcd', content: await readFile(program!), mode: 0o755 }])],
    entrypoint: ['/etcd'],
    user: '65532:65532',
  }),
);
