import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';

describe('the Dockerfile', () => {
  const [, runtime = '', accounts = '', orders = ''] = readFileSync('Dockerfile', 'utf8')
    .split(/^(?=FROM )/m)
    .slice(1);

  it('has images that differ in the module alone', () => {
    expect(accounts).toMatch(/^FROM runtime AS accounts\n/);
    expect(accounts).toContain('CMD ["serve", "--module", "accounts"]');
    expect(orders.trim()).toBe(accounts.replaceAll('accounts', 'orders').trim());
  });

  it('starts the process as `npm start` does, without a shell', () => {
    const { scripts } = JSON.parse(readFileSync('package.json', 'utf8')) as { scripts: { start: string } };
    const [, entrypoint = '[]'] = /^ENTRYPOINT (.*)$/m.exec(runtime) ?? [];
    expect([...(JSON.parse(entrypoint) as string[]), 'serve']).toEqual(scripts.start.split(' '));
  });
});
