import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { Agent, request } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll } from '@jest/globals';
import { createAuthority } from '../../../scripts/servers/certificates.mjs';
import { haproxy } from '../../../scripts/servers/haproxy.mjs';
import { freePort } from '../../../scripts/servers/ports.mjs';
import { eventually } from '../../../src/platform/testing/eventually.js';
import { type Answer, get, readAnswer, type Sent } from '../http.js';
import { AUDIENCE, ISSUER, PUBLIC_KEY, token } from './tokens.js';

/** Folder of another version to attack instead of this one; see attack.spec.ts. */
export const ATTACKED = process.env.ATTACKED_PROJECT;

export const CONFIGURATION = join(
  ATTACKED ?? fileURLToPath(new URL('../../..', import.meta.url)),
  'kubernetes/base/api-gateway/haproxy.cfg',
);

/** Where an instance of a service listens, on this machine. */
export interface Instance {
  readonly port: number;
  readonly healthPort: number;
}

/** Who is behind the gateway. */
export interface Services {
  readonly accounts: Instance;
  readonly orders: Instance;
}

type Settings = Readonly<Record<string, string>>;

const running = new Set<Gateway>();

/** The real HAProxy with the real configuration; it is gone when the suite that started it is over. */
export class Gateway {
  readonly url: string;
  readonly healthUrl: string;
  readonly adminSocket: string;
  /** PEM. */
  readonly certificate: string;
  stdout = '';
  stderr = '';
  private readonly agent: Agent;
  private readonly child: ChildProcess;
  private readonly exited: Promise<void>;

  private constructor(
    private readonly folder: string,
    file: string,
    environment: NodeJS.ProcessEnv,
  ) {
    this.url = `https://127.0.0.1:${environment.GATEWAY_PORT}`;
    this.healthUrl = `http://127.0.0.1:${environment.GATEWAY_HEALTH_PORT}`;
    this.adminSocket = String(environment.GATEWAY_ADMIN_SOCKET);
    this.certificate = readFileSync(join(folder, 'certificate.pem'), 'utf8');
    this.agent = new Agent({ keepAlive: true, ca: this.certificate });
    this.child = spawn(file, ['-db', '-f', CONFIGURATION], { env: environment, stdio: 'pipe' });
    this.child.stdout?.setEncoding('utf8').on('data', (text: string) => (this.stdout += text));
    this.child.stderr?.setEncoding('utf8').on('data', (text: string) => (this.stderr += text));
    this.exited = new Promise((resolve, reject) => {
      this.child.once('error', reject).once('close', () => resolve());
    });
    running.add(this);
  }

  /** Resolves when it takes requests, and knows where the services are; or when it runs. */
  static async start(services: Services, settings: Settings = {}, until: 'live' | 'ready' = 'ready'): Promise<Gateway> {
    const { file, env } = await haproxy();
    const folder = mkdtempSync(join(tmpdir(), 'accounts-orders-gateway-'));
    makeCertificate(folder);
    const gateway = new Gateway(folder, file, { ...env, ...(await settingsFor(services, folder)), ...settings });
    await eventually(async () => {
      if (gateway.child.exitCode !== null) return;
      const { status } = await get(`${gateway.healthUrl}/health/${until}`);
      if (status !== 200) throw new Error(`the gateway is not ${until}:\n${gateway.stderr}`);
    });
    if (gateway.child.exitCode !== null) throw new Error(`the gateway has ended:\n${gateway.stderr}`);
    return gateway;
  }

  /** The lines of its log, each of which is JSON. */
  log(): Record<string, unknown>[] {
    const lines = this.stdout.split('\n').slice(0, -1);
    return lines.map((line) => JSON.parse(line) as Record<string, unknown>);
  }

  /** As a client that has the token and keeps its connections. @throws when there is no answer */
  readonly call = async (
    method: string,
    path: string,
    sent: Sent & { token?: string | null; from?: string } = {},
  ): Promise<Answer> => {
    const { body, headers } = sent;
    const bearer = sent.token === undefined ? token() : sent.token;
    const mediaType = method === 'PATCH' ? 'application/merge-patch+json' : 'application/json';
    const text = body === undefined ? undefined : JSON.stringify(body);
    const client = request(new URL(path, this.url), {
      method,
      agent: this.agent,
      ...(sent.from !== undefined && { localAddress: sent.from }),
      timeout: 30_000,
      headers: {
        ...(text !== undefined && { 'content-type': mediaType, 'content-length': Buffer.byteLength(text) }),
        ...(bearer !== null && { authorization: `Bearer ${bearer}` }),
        ...headers,
      },
    });
    client.once('timeout', () => client.destroy(new Error('no answer')));
    const answer = readAnswer(client);
    client.end(text);
    return answer;
  };

  /** It stops as in a cluster: it accepts requests for GATEWAY_DRAIN, and exits after the last one. */
  async drain(): Promise<void> {
    this.child.kill('SIGUSR1');
    await this.exited;
  }

  async stop(): Promise<void> {
    this.agent.destroy();
    this.child.kill('SIGTERM');
    await this.exited;
    running.delete(this);
    rmSync(this.folder, { recursive: true, force: true });
  }
}

async function settingsFor({ accounts, orders }: Services, folder: string): Promise<Settings> {
  const keyFile = join(folder, 'public.pem');
  writeFileSync(keyFile, PUBLIC_KEY);
  const port = await freePort(undefined, []);
  return {
    GATEWAY_HOST: '127.0.0.1',
    GATEWAY_PORT: String(port),
    GATEWAY_HEALTH_PORT: String(await freePort(undefined, [port])),
    GATEWAY_TLS_PEM: join(folder, 'tls.pem'),
    GATEWAY_ADMIN_SOCKET: join(folder, 'admin.sock'),
    GATEWAY_MAX_INSTANCES: '1',
    ACCOUNTS_HOST: '127.0.0.1',
    ACCOUNTS_PORT: String(accounts.port),
    ACCOUNTS_HEALTH_PORT: String(accounts.healthPort),
    ORDERS_HOST: '127.0.0.1',
    ORDERS_PORT: String(orders.port),
    ORDERS_HEALTH_PORT: String(orders.healthPort),
    JWT_PUBLIC_KEY_FILE: keyFile,
    JWT_ISSUER: ISSUER,
    JWT_AUDIENCE: AUDIENCE,
    RATE_LIMIT_PER_SUBJECT: '1000000',
    RATE_LIMIT_PER_ADDRESS: '1000000',
    CONNECTIONS_PER_ADDRESS: '1000000',
    CONNECTION_RATE_PER_ADDRESS: '1000000',
  };
}

/** In the files that the gateway reads, and the one by which clients know it. */
function makeCertificate(folder: string): void {
  const authority = createAuthority('The authority of the tests');
  const { certificate, key } = authority.issue('127.0.0.1');
  writeFileSync(join(folder, 'certificate.pem'), authority.certificate);
  writeFileSync(join(folder, 'tls.pem'), certificate + key);
}

afterAll(async () => {
  await Promise.all([...running].map((gateway) => gateway.stop()));
});
