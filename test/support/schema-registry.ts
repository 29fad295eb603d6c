import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

interface Submitted {
  readonly schema: string;
  readonly references: readonly { readonly name: string; readonly subject: string; readonly version: number }[];
}

interface Version extends Submitted {
  readonly id: number;
  readonly guid: string;
}

type Answer = readonly [status: number, body: object | string];

const MEDIA_TYPE = 'application/vnd.schemaregistry.v1+json';

/** How a registry that is not well answers. */
export type Illness = 'never' | 'page' | 'empty' | 'half' | 'list' | 'failing';

/**
 * Answers as Confluent's schema registry does, with its codes and messages. Its rule of compatibility is simple: no
 * property may be required that was not required before.
 */
export class StandInRegistry {
  /** Versions by subject, the oldest first. */
  readonly subjects = new Map<string, Version[]>();
  /** Method and path of each request. */
  readonly requests: string[] = [];
  login: { readonly username: string; readonly password: string } | undefined;
  illness: Illness | undefined;
  /** Registries before Confluent Platform 8.0 have none. */
  hasGuids = true;
  /** Says that a schema is compatible, and refuses it then. */
  contradictsItself = false;

  private constructor(
    private readonly server: Server,
    readonly port: number,
  ) {
    server.on('request', (request: IncomingMessage, response: ServerResponse) => void this.receive(request, response));
  }

  /** @param port one that an earlier registry had, or 0 */
  static async start(port = 0): Promise<StandInRegistry> {
    const server = createServer().listen(port, '127.0.0.1');
    await once(server, 'listening');
    return new StandInRegistry(server, (server.address() as AddressInfo).port);
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }

  private async receive(request: IncomingMessage, response: ServerResponse): Promise<void> {
    this.requests.push(`${request.method} ${request.url}`);
    let text = '';
    for await (const chunk of request) text += String(chunk);
    if (this.illness === 'never') return;
    const [status, body] = this.illness ? SICK[this.illness] : this.answer(request, text);
    response.writeHead(status, { 'content-type': MEDIA_TYPE });
    response.end(typeof body === 'string' ? body : JSON.stringify(body));
  }

  private answer({ method, url = '', headers }: IncomingMessage, text: string): Answer {
    if (!this.isLoggedIn(headers.authorization)) return [401, { error_code: 401, message: 'Unauthorized' }];
    if (method !== 'POST') return [405, { error_code: 405, message: 'HTTP 405 Method Not Allowed' }];
    if (headers['content-type'] !== MEDIA_TYPE) return [415, { error_code: 415, message: 'Unsupported Media Type' }];
    const submitted = JSON.parse(text) as Submitted & { schemaType?: string };
    if (submitted.schemaType !== 'JSON') return [422, { error_code: 42201, message: 'Invalid schema type' }];
    const { pathname, searchParams } = new URL(url, this.url);
    const [, compatibility, subject] =
      /^(\/compatibility)?\/subjects\/([^/]+)(?:\/versions(?:\/latest)?)?$/.exec(pathname)?.map(decoded) ?? [];
    if (subject === undefined) return [404, { error_code: 404, message: 'HTTP 404 Not Found' }];
    if (compatibility !== '') return this.compare(subject, submitted, searchParams.get('verbose') === 'true');
    return pathname.endsWith('/versions') ? this.register(subject, submitted) : this.find(subject, submitted);
  }

  private isLoggedIn(authorization: string | undefined): boolean {
    if (!this.login) return true;
    const { username, password } = this.login;
    return authorization === `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
  }

  private find(subject: string, submitted: Submitted): Answer {
    const versions = this.subjects.get(subject);
    if (!versions) return [404, { error_code: 40401, message: `Subject '${subject}' not found.` }];
    const index = versions.findIndex((version) => contentOf(version) === contentOf(submitted));
    const found = versions[index];
    if (!found) return [404, { error_code: 40403, message: 'Schema not found' }];
    const { id, guid, schema } = found;
    return [200, { subject, version: index + 1, id, ...(this.hasGuids && { guid }), schemaType: 'JSON', schema }];
  }

  private compare(subject: string, submitted: Submitted, isVerbose: boolean): Answer {
    const latest = this.subjects.get(subject)?.at(-1);
    if (!latest) return [404, { error_code: 40402, message: `Version latest not found.` }];
    const messages = this.contradictsItself ? [] : incompatibilities(latest.schema, submitted.schema);
    return [200, { is_compatible: messages.length === 0, ...(isVerbose && { messages }) }];
  }

  private register(subject: string, submitted: Submitted): Answer {
    for (const reference of submitted.references) {
      if (this.subjects.get(reference.subject)?.[reference.version - 1]) continue;
      return [422, { error_code: 42201, message: `No schema reference found for subject "${reference.subject}"` }];
    }
    const versions = this.subjects.get(subject) ?? [];
    const known = versions.find((version) => contentOf(version) === contentOf(submitted));
    if (known) return [200, { id: known.id }];
    const latest = versions.at(-1);
    const reasons = latest ? incompatibilities(latest.schema, submitted.schema) : [];
    if (reasons.length > 0) {
      const message = `Schema being registered is incompatible with an earlier schema for subject "${subject}", details: ${reasons.join()}`;
      return [409, { error_code: 40901, message }];
    }
    const id = [...this.subjects.values()].flat().length + 1;
    const hash = createHash('md5').update(contentOf(submitted)).digest('hex');
    const guid = hash.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
    this.subjects.set(subject, [...versions, { ...submitted, id, guid }]);
    return [200, { id }];
  }
}

const SICK: Readonly<Record<Exclude<Illness, 'never'>, Answer>> = {
  page: [200, '<html><body>Welcome to nginx!</body></html>'],
  empty: [200, ''],
  half: [200, '{"id": 1, "vers'],
  list: [200, '[1, 2, 3]'],
  failing: [500, { error_code: 50001, message: 'Error in the backend datastore' }],
};

function decoded(part: string | undefined): string {
  return decodeURIComponent(part ?? '');
}

/** White space makes no difference, the order of members does. */
function contentOf({ schema, references }: Submitted): string {
  return JSON.stringify([JSON.parse(schema), references]);
}

function incompatibilities(before: string, after: string): string[] {
  const known = requiredIn(JSON.parse(before));
  return requiredIn(JSON.parse(after))
    .filter((path) => !known.includes(path))
    .map((path) => `{errorType:"REQUIRED_ATTRIBUTE_ADDED", description:"The new schema has required '${path}'"}`);
}

function requiredIn(value: unknown, path = '#'): string[] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([name, member]) =>
    name === 'required' && Array.isArray(member)
      ? member.map((each) => `${path}/${String(each)}`)
      : requiredIn(member, `${path}/${name}`),
  );
}
