import { randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { installKafka, java, kafkaClasspath, once, run } from './downloads.mjs';
import { escaped, PLAIN, quoted, SCRAM } from './security.mjs';

/**
 * One node that is broker and controller. What a cluster replicates has one copy here. A broker that was killed is not let
 * in again before its session has ended, so the session is short.
 * @param {import('./instance.mjs').Ports} ports @param {string} data
 */
const properties = (ports, data) => `process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:${ports.controller}
listeners=PLAINTEXT://127.0.0.1:${ports.kafka},CONTROLLER://127.0.0.1:${ports.controller}
advertised.listeners=PLAINTEXT://127.0.0.1:${ports.kafka}
controller.listener.names=CONTROLLER
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT
log.dirs=${join(data, 'logs')}
num.partitions=6
auto.create.topics.enable=false
offsets.topic.replication.factor=1
offsets.topic.num.partitions=4
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
transaction.state.log.num.partitions=4
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
group.initial.rebalance.delay.ms=0
broker.heartbeat.interval.ms=500
broker.session.timeout.ms=3000
`;

/**
 * One more listener, as those of managed brokers are.
 * @param {import('./instance.mjs').Ports} ports @param {import('./security.mjs').Security} security
 */
const secureListener = ({ kafka, controller, kafkaTls }, { certificate, user, password }) => {
  const login = `${PLAIN} required user_${user}=${quoted(password)};`;
  return `listeners=PLAINTEXT://127.0.0.1:${kafka},SECURE://127.0.0.1:${kafkaTls},CONTROLLER://127.0.0.1:${controller}
advertised.listeners=PLAINTEXT://127.0.0.1:${kafka},SECURE://localhost:${kafkaTls}
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,SECURE:SASL_SSL,CONTROLLER:PLAINTEXT
sasl.enabled.mechanisms=PLAIN,SCRAM-SHA-512
listener.name.secure.plain.sasl.jaas.config=${escaped(login)}
listener.name.secure.scram-sha-512.sasl.jaas.config=org.apache.kafka.common.security.scram.ScramLoginModule required;
listener.name.secure.ssl.keystore.type=PEM
listener.name.secure.ssl.keystore.location=${certificate}
`;
};

/** @type {import('./instance.mjs').Server} */
export const kafka = {
  label: 'Kafka 4.2.0',
  install: installKafka,
  signature: (home) => `kafka.Kafka ${join(home, 'server.properties')}`,

  async command(home, ports, secured) {
    const data = join(home, 'data');
    const scram = secured ? ['--add-scram', `SCRAM-SHA-512=[name=${SCRAM.user},password=${SCRAM.password}]`] : [];
    // Its own file: a format that outlives an interrupted start must not find the properties of the next one.
    await once(data, async (folder) => {
      const file = join(folder, 'format.properties');
      await writeFile(file, properties(ports, folder));
      const clusterId = randomBytes(11).toString('hex');
      await run(
        java,
        '-cp',
        kafkaClasspath,
        'kafka.tools.StorageTool',
        'format',
        '-t',
        clusterId,
        '-c',
        file,
        ...scram,
      );
    });
    const file = join(home, 'server.properties');
    // Of a key that comes twice the later one counts.
    await writeFile(file, properties(ports, data) + (secured ? secureListener(ports, secured) : ''));
    const logging = [
      '-Dorg.slf4j.simpleLogger.showDateTime=true',
      '-Dorg.slf4j.simpleLogger.dateTimeFormat=HH:mm:ss.SSS',
    ];
    return { file: java, args: ['-Xmx512m', ...logging, '-cp', kafkaClasspath, 'kafka.Kafka', file], env: process.env };
  },

  async answers({ kafka: port }) {
    const { Kafka, logLevel } = await import('kafkajs');
    const client = new Kafka({
      brokers: [`127.0.0.1:${port}`],
      logLevel: logLevel.NOTHING,
      connectionTimeout: 1000,
      retry: { retries: 0 },
    });
    const admin = client.admin();
    try {
      await admin.connect();
      // A broker listens before the controller lets it in, and only then is it in the list.
      return (await admin.describeCluster()).brokers.length === 1;
    } finally {
      await admin.disconnect();
    }
  },

  async form() {},
};
