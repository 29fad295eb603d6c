import { describe, expect, it } from '@jest/globals';
import { maskValue } from './mask.js';

describe('a displayed setting', () => {
  it.each([
    ['HOST', 'a.example', 'a.example'],
    ['PORT', 8080, '8080'],
    ['KAFKA_SASL_USERNAME', 'KEY', '***'],
    ['KAFKA_SASL_PASSWORD', 'secret', '***'],
    ['SCHEMA_REGISTRY_USERNAME', 'KEY', '***'],
    ['SCHEMA_REGISTRY_PASSWORD', 'secret', '***'],
    ['MONGODB_URI', 'mongodb://a:1,b:2/db?replicaSet=rs0', 'mongodb://a:1,b:2/db?replicaSet=rs0'],
    ['ORDERS_MONGODB_URI', 'mongodb+srv://u:p@a.example/?tls=true', 'mongodb+srv://***@a.example/?tls=true'],
    ['MONGODB_URI', 'mongodb://u:p@q/@a.example/', 'mongodb://***@a.example/'],
    [
      'MONGODB_URI',
      'mongodb://a/?tlsCertificateKeyFilePassword=p&tls=true&authMechanismProperties=AWS_SESSION_TOKEN:t&proxyUsername=u',
      'mongodb://a/?tlsCertificateKeyFilePassword=***&tls=true&authMechanismProperties=***&proxyUsername=***',
    ],
  ])('%s of %s is shown as %s', (name, value, shown) => {
    expect(maskValue(name, value)).toBe(shown);
  });
});
