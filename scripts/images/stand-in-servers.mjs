import { chmod, cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { installKafka, installMongod, kafkaClasspath, mongod, once, run } from '../servers/downloads.mjs';
import { home } from './engine.mjs';
import { debianRoot, installNode } from './stand-in-node.mjs';

/** Does what the image's own script does, as far as a container of testcontainers needs it. */
const RUN_KAFKA = `#!/bin/bash
set -e
env | sed -n 's/^KAFKA_//p' | while IFS='=' read -r name value; do
  printf '%s=%s\\n' "$(printf %s "$name" | tr 'A-Z_' 'a-z.')" "$value"
done > /tmp/kafka.properties
echo log.dirs=/var/lib/kafka/data >> /tmp/kafka.properties
java -cp '/usr/share/kafka/*' kafka.tools.StorageTool format -t "$CLUSTER_ID" -c /tmp/kafka.properties
exec java -Xmx512m -cp '/usr/share/kafka/*' kafka.Kafka /tmp/kafka.properties
`;
const RUN_MONGOD = `#!/bin/sh
export LD_LIBRARY_PATH=/usr/local/mongod/lib
exec /usr/local/mongod/bin/mongod --bind_ip_all --dbpath /data/db "$@"
`;

/**
 * Stand in for the images of Kafka and MongoDB where none can be pulled: the servers of `npm run servers`, and the shell
 * of MongoDB from npm, on Debian.
 * @param {import('./engine.mjs').Engine} engine @param {{ kafka: string, mongodb: string }} images
 * @param {(line: string) => void} log
 */
export async function buildStandInServers(engine, images, log) {
  await Promise.all([installKafka(log), installMongod(log)]);
  const packages = ['ca-certificates', 'libcurl4', 'openjdk-17-jre-headless'];
  const debian = await debianRoot('debian-servers', packages, log);
  if (!(await engine.has(images.kafka))) {
    await build(engine, images.kafka, debian, async (folder) => {
      await cp(dirname(kafkaClasspath), join(folder, 'usr/share/kafka'), { recursive: true });
      await mkdir(join(folder, 'var/lib/kafka/data'), { recursive: true });
      await script(join(folder, 'etc/confluent/docker'), 'run', RUN_KAFKA);
    });
  }
  if (await engine.has(images.mongodb)) return;
  const node = await installNode(log);
  const shell = join(home, 'mongosh');
  await once(shell, async (target) => {
    log('Downloading mongosh with npm (once) ...');
    await run('npm', 'install', '--prefix', target, '--no-save', '--no-package-lock', '--ignore-scripts', 'mongosh@2');
  });
  const start = ['--entrypoint', '["/usr/local/bin/start-mongod"]'];
  await build(
    engine,
    images.mongodb,
    debian,
    async (folder) => {
      await cp(dirname(dirname(mongod)), join(folder, 'usr/local/mongod'), { recursive: true, verbatimSymlinks: true });
      await cp(join(node, 'bin'), join(folder, 'usr/local/bin'), { recursive: true });
      await cp(shell, join(folder, 'opt/mongosh'), { recursive: true, verbatimSymlinks: true });
      await script(join(folder, 'usr/local/bin'), 'start-mongod', RUN_MONGOD);
      const mongosh = '#!/bin/sh\nexec node /opt/mongosh/node_modules/mongosh/bin/mongosh.js "$@"\n';
      await script(join(folder, 'usr/local/bin'), 'mongosh', mongosh);
      await mkdir(join(folder, 'data/db'), { recursive: true });
    },
    start,
  );
}

/**
 * @param {import('./engine.mjs').Engine} engine @param {string} image @param {string} debian
 * @param {(folder: string) => Promise<void>} fill @param {string[]} [settings]
 */
async function build(engine, image, debian, fill, settings = []) {
  const folder = await mkdtemp(join(tmpdir(), 'accounts-orders-image-'));
  try {
    await fill(folder);
    const container = await engine.run('buildah', 'from', 'scratch');
    await engine.run('buildah', 'add', '--quiet', container, debian, '/');
    await engine.run('buildah', 'add', '--quiet', container, folder, '/');
    if (settings.length > 0) await engine.run('buildah', 'config', ...settings, container);
    await engine.run('buildah', 'commit', '--quiet', '--rm', '--format', 'docker', container, image);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** @param {string} folder @param {string} name @param {string} text */
async function script(folder, name, text) {
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, name), text);
  await chmod(join(folder, name), 0o755);
}
