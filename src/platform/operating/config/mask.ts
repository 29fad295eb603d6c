const CONNECTION_STRING = /(?:^|_)MONGODB_URI$/;
const LOGIN = /^KAFKA_SASL_(?:USERNAME|PASSWORD)$/;
/** Options of a connection string that are nobody else's business. */
const SECRET_OPTION = /([?&][^=&]*(?:password|username|properties)[^=&]*=)[^&]*/gi;

/** Whether nobody may read the value of this setting. */
export function isSecret(name: string): boolean {
  return CONNECTION_STRING.test(name) || LOGIN.test(name);
}

/** The value of a setting for people to read: of a connection string the hosts and the options, of other secrets nothing. */
export function masked(name: string, value: unknown): string {
  if (!isSecret(name)) return String(value);
  if (!CONNECTION_STRING.test(name)) return '***';
  return String(value)
    .replaceAll(SECRET_OPTION, '$1***')
    .replace(/\/\/.*@/s, '//***@');
}

/** The hosts of a connection string, and nothing else of it. */
export function hostsOf(uri: string): string {
  return /^[\w+]+:\/\/(?:\*{3}@)?([\w.,:[\]-]+)/.exec(masked('MONGODB_URI', uri))?.[1] ?? '(no hosts)';
}
