import { describe, expect, it } from '@jest/globals';
import { configProblems } from '../../testing/config-problems.js';
import { parseConfig } from './config.js';

describe('the configuration of authentication', () => {
  const JWT = {
    AUTH_MODE: 'jwt',
    JWT_JWKS_URL: 'https://issuer.example/jwks',
    JWT_ISSUER: 'https://issuer.example/',
    JWT_AUDIENCE: 'accounts-orders',
  };
  const without = (name: keyof typeof JWT) => ({ ...JWT, [name]: undefined });

  it('defaults to none, which is allowed on a loopback address only', () => {
    for (const HOST of ['127.0.0.1', '127.1.2.3', 'localhost', '::1']) {
      expect(parseConfig({ HOST }).AUTH_MODE).toBe('none');
    }
    for (const HOST of ['0.0.0.0', '::', '10.0.0.1', '127.0.0.1.example', 'localhost.example']) {
      expect(configProblems({ HOST })).toMatch(/^AUTH_MODE: is none[^\n]*AUTH_ALLOW_NONE=true[^\n]*$/);
      expect(parseConfig({ HOST, AUTH_ALLOW_NONE: 'true' })).toMatchObject({ HOST, AUTH_MODE: 'none' });
      expect(parseConfig({ HOST, AUTH_ALLOW_NONE: true })).toMatchObject({ HOST, AUTH_MODE: 'none' });
      expect(configProblems({ HOST, AUTH_ALLOW_NONE: 'false' })).toMatch(/^AUTH_MODE: /);
      expect(parseConfig({ HOST, ...JWT })).toMatchObject(JWT);
    }
  });

  it('accepts exactly one source of keys', () => {
    expect(parseConfig(JWT)).toMatchObject(JWT);
    const file = { ...without('JWT_JWKS_URL'), JWT_PUBLIC_KEY_FILE: '/keys/issuer.pem' };
    expect(parseConfig(file)).toMatchObject({ JWT_PUBLIC_KEY_FILE: '/keys/issuer.pem' });
    expect(configProblems({ ...file, ...JWT })).toMatch(/^JWT_PUBLIC_KEY_FILE: [^\n]*JWT_JWKS_URL/);
    expect(configProblems(without('JWT_JWKS_URL'))).toMatch(/^JWT_JWKS_URL: [^\n]*JWT_PUBLIC_KEY_FILE/);
  });

  it.each(['JWT_ISSUER', 'JWT_AUDIENCE'] as const)('requires %s for tokens', (name) => {
    expect(configProblems(without(name))).toMatch(new RegExp(`^${name}: is not set`));
  });

  it.each(['JWT_JWKS_URL', 'JWT_ISSUER', 'JWT_AUDIENCE'] as const)(
    'is refused if %s is set but AUTH_MODE is none',
    (name) => {
      expect(configProblems({ [name]: JWT[name] })).toMatch(new RegExp(`^${name}: is set, but AUTH_MODE is none`));
    },
  );

  it('checks no ownership unless it is told to, and then by a claim with a default name', () => {
    expect(parseConfig(JWT)).toMatchObject({ AUTH_OWNERSHIP: 'none' });
    const claim = { AUTH_OWNERSHIP: 'claim', JWT_CUSTOMER_CLAIM: 'customer_id' };
    expect(parseConfig({ ...JWT, AUTH_OWNERSHIP: 'claim' })).toMatchObject(claim);
    const named = { AUTH_OWNERSHIP: 'claim', JWT_CUSTOMER_CLAIM: 'https://shop.example/customer' };
    expect(parseConfig({ ...JWT, ...named })).toMatchObject(named);
    expect(configProblems({ ...JWT, ...named, JWT_CUSTOMER_CLAIM: '' })).toMatch(/^JWT_CUSTOMER_CLAIM: /);
  });

  it('is refused if ownership is to be checked without tokens, or a claim is set and not checked', () => {
    expect(configProblems({ AUTH_OWNERSHIP: 'claim' })).toBe('AUTH_OWNERSHIP: is claim, but AUTH_MODE is none');
    for (const settings of [JWT, {}]) {
      const refused = { ...settings, JWT_CUSTOMER_CLAIM: 'customer_id' };
      expect(configProblems(refused)).toBe('JWT_CUSTOMER_CLAIM: is set, but AUTH_OWNERSHIP is none');
    }
  });
});
