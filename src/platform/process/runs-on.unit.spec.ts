import { describe, expect, it } from '@jest/globals';
import { parseConfig } from '../operating/config/config.js';
import { runsOn } from './runs-on.js';

const MODULES = ['accounts', 'orders'];
const KAFKA = { KAFKA_BOOTSTRAP_SERVERS: 'a.example:9092,b.example:9092' };
const describeBackends = (settings: Readonly<Record<string, unknown>>) =>
  runsOn(parseConfig(settings, MODULES), MODULES);

describe('the backends of a process', () => {
  it('are its folder, if it has no servers', () => {
    expect(describeBackends({ DATA_DIR: '/var/data' })).toBe('the embedded log and databases in /var/data');
  });

  it('are the hosts of Kafka and MongoDB', () => {
    expect(describeBackends({ ...KAFKA, MONGODB_URI: 'mongodb+srv://c.example/?retryWrites=true' })).toBe(
      'Kafka at a.example:9092,b.example:9092; MongoDB at c.example',
    );
  });

  it('are the hosts of each module, if these differ', () => {
    const uris = { ACCOUNTS_MONGODB_URI: 'mongodb://c:1,d:2', ORDERS_MONGODB_URI: 'mongodb://[::1]:27017/x' };
    expect(describeBackends({ ...KAFKA, ...uris })).toMatch(
      /; MongoDB at c:1,d:2 \(accounts\) and \[::1\]:27017 \(orders\)$/,
    );
  });

  it.each([
    'mongodb://s3cr3t:s3cr3t@c.example:1/?authSource=x',
    'mongodb://s3cr3t:s3@cr3t@c.example:1',
    'mongodb://s3cr3t:s3cr3t/@c.example:1/x',
    'mongodb://s3cr3t:s3cr3t?s3cr3t@c.example:1/x',
    'mongodb://c.example:1/?tls=true&tlsCertificateKeyFilePassword=s@s3cr3t',
    'mongodb://s3cr3t:s3cr3t@c.example:1/?tlsCertificateKeyFilePassword=s@s3cr3t&authMechanismProperties=A:s3cr3t',
  ])('show nothing but the hosts of a connection string: %s', (uri) => {
    expect(describeBackends({ ...KAFKA, MONGODB_URI: uri })).toMatch(/; MongoDB at c\.example:1$/);
  });

  it('show no credentials in place of hosts', () => {
    expect(describeBackends({ KAFKA_BOOTSTRAP_SERVERS: 's3cr3t@a:1', MONGODB_URI: 'mongodb://s3cr3t@' })).toBe(
      'Kafka at a:1; MongoDB at (no hosts)',
    );
  });
});
