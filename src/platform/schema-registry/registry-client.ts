import { PlatformError, unavailable } from '../tools/errors.js';
import { causesOf, whyNoConnection } from '../tools/connection-failure.js';

/** Address of a schema registry, and the login if it needs one. */
export interface RegistryAddress {
  readonly url: string;
  readonly username?: string | undefined;
  readonly password?: string | undefined;
}

/** A schema on which another one depends: `name` is the `$ref` by which that one names it. */
export interface SchemaReference {
  readonly name: string;
  readonly subject: string;
  readonly version: number;
}

/** A schema as a registry takes it. */
export interface SubmittedSchema {
  /** JSON Schema, serialized. */
  readonly schema: string;
  readonly references: readonly SchemaReference[];
}

/** A schema that is in the registry. */
export interface RegisteredSchema {
  readonly id: number;
  readonly version: number;
  /** Undefined in registries before Confluent Platform 8.0. */
  readonly guid?: string;
}

/** Why a schema was not found: there is no such subject, or none of its versions is this schema. */
export type Absence = 'missing' | 'different';

const MEDIA_TYPE = 'application/vnd.schemaregistry.v1+json';
const TIMEOUT_MS = 5_000;
/** Longest part of a message of the registry in a message of ours. */
const MAX_QUOTED = 300;

/** Error codes of the API. A subject whose versions were all deleted is missing, too. */
const NO_SUBJECT = [40401, 40404];
const NO_VERSION = [40402, 40403];

interface Answer {
  readonly status: number;
  readonly body: Readonly<Record<string, unknown>>;
}

/**
 * Speaks the REST API of Confluent's schema registry, for JSON Schemas. All methods throw PlatformError: `unavailable`
 * when the registry does not answer, or not as a registry does, `rejected` when it refuses the login or the schema. No
 * message contains the login.
 */
export class RegistryClient {
  private readonly base: string;

  constructor(
    private readonly address: RegistryAddress,
    private readonly timeoutMs = TIMEOUT_MS,
  ) {
    this.base = address.url.replace(/\/+$/, '');
  }

  /** Finds this schema among the versions of a subject. */
  async find(subject: string, schema: SubmittedSchema): Promise<RegisteredSchema | Absence> {
    const answer = await this.post(`/subjects/${encodeURIComponent(subject)}`, schema);
    const code = answer.body.error_code as number;
    if (answer.status === 404 && NO_SUBJECT.includes(code)) return 'missing';
    if (answer.status === 404 && NO_VERSION.includes(code)) return 'different';
    const { id, version, guid } = this.expectOk(subject, answer);
    if (!Number.isInteger(id) || !Number.isInteger(version)) throw this.garbage(answer.status);
    const hasGuid = typeof guid === 'string' && GUID.test(guid);
    return { id: id as number, version: version as number, ...(hasGuid && { guid }) };
  }

  /** Returns the reasons why the subject may not take this schema; none if it may. */
  async incompatibilities(subject: string, schema: SubmittedSchema): Promise<readonly string[]> {
    const path = `/compatibility/subjects/${encodeURIComponent(subject)}/versions/latest?verbose=true`;
    const answer = await this.post(path, schema);
    // The subject is new.
    if (answer.status === 404 && [...NO_SUBJECT, ...NO_VERSION].includes(answer.body.error_code as number)) return [];
    const { is_compatible: isCompatible, messages } = this.expectOk(subject, answer);
    if (typeof isCompatible !== 'boolean') throw this.garbage(answer.status);
    if (isCompatible) return [];
    const reasons = Array.isArray(messages) ? messages.map(quoted) : [];
    return reasons.length > 0 ? reasons : ['the registry gives no reason'];
  }

  /** Adds this schema as the newest version of a subject, unless it is one of its versions. */
  async register(subject: string, schema: SubmittedSchema): Promise<void> {
    this.expectOk(subject, await this.post(`/subjects/${encodeURIComponent(subject)}/versions`, schema));
  }

  private async post(path: string, { schema, references }: SubmittedSchema): Promise<Answer> {
    let status: number;
    let text: string;
    try {
      const response = await fetch(`${this.base}${path}`, {
        method: 'POST',
        headers: { ...this.login(), 'content-type': MEDIA_TYPE, accept: MEDIA_TYPE },
        body: JSON.stringify({ schemaType: 'JSON', schema, references }),
        // A redirection could send the login elsewhere.
        redirect: 'error',
        signal: AbortSignal.timeout(this.timeoutMs),
      });
      status = response.status;
      text = await response.text();
    } catch (error) {
      throw unavailable(`SCHEMA_REGISTRY_URL: the schema registry ${this.whyNoAnswer(error)}`, error);
    }
    if (status === 401 || status === 403) throw this.refusedLogin(status);
    const body = parseObject(text);
    if (!body) throw this.garbage(status);
    return { status, body };
  }

  private login(): { authorization?: string } {
    const { username, password } = this.address;
    if (username === undefined) return {};
    return { authorization: `Basic ${Buffer.from(`${username}:${password ?? ''}`).toString('base64')}` };
  }

  private whyNoAnswer(error: unknown): string {
    const codes = causesOf(error).map(({ code }) => code);
    if ((error as Error).name === 'TimeoutError') return `has not answered within ${this.timeoutMs} ms`;
    return whyNoConnection(codes) ?? `does not answer${codes.some(isText) ? ` (${codes.find(isText)})` : ''}`;
  }

  private refusedLogin(status: number): PlatformError {
    const login = 'SCHEMA_REGISTRY_USERNAME, SCHEMA_REGISTRY_PASSWORD';
    if (status === 403) return rejected(`${login}: the schema registry does not permit this to them (403)`);
    return rejected(
      this.address.username === undefined
        ? `${login}: are not set, but the schema registry requires a login (401)`
        : `${login}: the schema registry does not accept them (401)`,
    );
  }

  /** @throws PlatformError when the registry has refused the schema, or has failed */
  private expectOk(subject: string, { status, body }: Answer): Answer['body'] {
    if (status >= 200 && status < 300) return body;
    const { error_code: code, message } = body;
    if (typeof code !== 'number') throw this.garbage(status);
    const what = `${subject}: the schema registry answers ${status} (${code}): ${quoted(message)}`;
    throw status < 500 ? rejected(what) : unavailable(what);
  }

  private garbage(status: number): PlatformError {
    return unavailable(`SCHEMA_REGISTRY_URL: answers ${status}, and not as a schema registry does`);
  }
}

const GUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

function rejected(message: string): PlatformError {
  return new PlatformError('rejected', 'schema-registry-rejected', message);
}

function isText(value: unknown): value is string {
  return typeof value === 'string';
}

/** Returns a text of the registry in one line, shortened. */
function quoted(text: unknown): string {
  const line = (isText(text) ? text : JSON.stringify(text ?? null)).replace(/[\p{Cc}\s]+/gu, ' ');
  return line.length > MAX_QUOTED ? `${line.slice(0, MAX_QUOTED)} ...` : line;
}

function parseObject(text: string): Answer['body'] | undefined {
  try {
    const parsed: unknown = JSON.parse(text);
    return typeof parsed === 'object' && parsed !== null && !Array.isArray(parsed)
      ? (parsed as Answer['body'])
      : undefined;
  } catch {
    return undefined;
  }
}
