import { describe, expect, it } from '@jest/globals';
import { settingNames } from './config.js';
import { misspeltWarnings } from './misspelt.js';

const SETTINGS = [...settingNames(['accounts', 'orders']), 'MONGODB_URI_FILE'];
const warnings = (...variables: string[]) => misspeltWarnings(variables, SETTINGS);

describe('an environment variable', () => {
  it.each([
    ['KAFKA_BOOTSTRAP_SERVER', 'KAFKA_BOOTSTRAP_SERVERS'],
    ['MONGODB_URL', 'MONGODB_URI'],
    ['MONGO_URI', 'MONGODB_URI'],
    ['mongodb_uri', 'MONGODB_URI'],
    ['MONGODB_URI_FILES', 'MONGODB_URI_FILE'],
    ['ORDER_MONGODB_URI', 'ORDERS_MONGODB_URI'],
    ['KAFKA_SASL_PASWORD', 'KAFKA_SASL_PASSWORD'],
    ['AUTHMODE', 'AUTH_MODE'],
    ['JWT_JWKS_URI', 'JWT_JWKS_URL'],
    ['HTTP_BODY_LIMITS', 'HTTP_BODY_LIMIT'],
    ['LOGLEVEL', 'LOG_LEVEL'],
    ['PORTS', 'PORT'],
  ])('%s is reported as a misspelt %s', (variable, setting) => {
    expect(warnings(variable)).toEqual([`${variable}: unknown setting; did you mean ${setting}?`]);
  });

  it('with the name of a setting, or an unrelated name, is not reported', () => {
    const others = [
      'PATH',
      'HOME',
      'HOSTNAME',
      'USER',
      'PWD',
      'TERM',
      'SHELL',
      'LANG',
      'TZ',
      'NODE_ENV',
      'NODE_OPTIONS',
    ];
    expect(
      warnings(...SETTINGS, ...others, 'HTTP_PROXY', 'HTTPS_PROXY', 'NO_PROXY', 'LOGNAME', 'DATABASE_URL'),
    ).toEqual([]);
  });

  it('that Kubernetes sets for a service is not reported', () => {
    const made = [
      'ACCOUNTS',
      'ORDERS',
      'KAFKA',
      'MONGODB',
      'MONGO',
      'API_GATEWAY',
      'KUBERNETES',
      'JWT',
      'AUTH',
      'HTTP',
    ].flatMap((service) =>
      ['SERVICE_HOST', 'SERVICE_PORT', 'SERVICE_PORT_HTTP', 'PORT', 'PORT_8080_TCP', 'PORT_8080_TCP_PROTO']
        .concat(['PORT_8080_TCP_PORT', 'PORT_8080_TCP_ADDR', 'PORT_27017_TCP'])
        .map((name) => `${service}_${name}`),
    );
    expect(warnings(...made)).toEqual([]);
  });
});
