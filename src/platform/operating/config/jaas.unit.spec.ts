import { describe, expect, it } from '@jest/globals';
import { parseJaas } from './jaas.js';

describe('sasl.jaas.config', () => {
  const PLAIN = 'org.apache.kafka.common.security.plain.PlainLoginModule';
  const SCRAM = 'org.apache.kafka.common.security.scram.ScramLoginModule';

  it.each([
    [`${PLAIN} required username="u" password="p";`, 'u', 'p'],
    [`  ${PLAIN}   required\n password='p'  username = "u" ; `, 'u', 'p'],
    [`${SCRAM} required username="u" password="p" tokenauth="false";`, 'u', 'p'],
    [`${PLAIN} required username="a\\"b" password="c\\\\;'d\\n=";`, 'a"b', "c\\;'d\n="],
    [`${PLAIN} required username=u password=p+/q;`, 'u', 'p+/q'],
    [`${PLAIN} required username="u" password="\\101";`, 'u', 'A'],
  ])('is parsed: %s', (config, username, password) => {
    expect(parseJaas(config)).toEqual({ username, password });
  });

  it.each([
    '',
    `${PLAIN} required username="u" password="p"`,
    `${PLAIN} required username="u" password="p`,
    `${PLAIN} required username="u";`,
    `${PLAIN} optional username="u" password="p";`,
    `org.example.PlainLoginModule required username="u" password="p";`,
    `org.apache.kafka.common.security.oauthbearer.OAuthBearerLoginModule required;`,
    `${PLAIN} required username="u" password="p"; ${PLAIN} required username="v" password="q";`,
    'username="u" password="p"',
  ])('is rejected: %s', (config) => {
    expect(parseJaas(config)).toBeUndefined();
  });
});
