const CONNECTION_STRING = /(?:^|_)MONGODB_URI$/;
const LOGIN =
  /^(?:(?:KAFKA_SASL|SCHEMA_REGISTRY)_(?:USERNAME|PASSWORD)|VAULT_TOKEN|OTEL_EXPORTER_OTLP_(?:TRACES_)?HEADERS)$/;
/** Options of a connection string that hold secrets. */
const SECRET_OPTION = /([?&][^=&]*(?:password|username|properties)[^=&]*=)[^&]*/gi;

/** True if the value of this setting must not be shown. */
export function isSecret(name: string): boolean {
  return CONNECTION_STRING.test(name) || LOGIN.test(name);
}

/** Returns a setting's value for display: hosts and options of a connection string, and nothing of other secrets. */
export function maskValue(name: string, value: unknown): string {
  if (!isSecret(name)) return String(value);
  if (!CONNECTION_STRING.test(name)) return '***';
  return String(value)
    .replaceAll(SECRET_OPTION, '$1***')
    .replace(/\/\/.*@/s, '//***@');
}

/** Returns only the hosts of a connection string. */
export function hostsOf(uri: string): string {
  return /^[\w+]+:\/\/(?:\*{3}@)?([\w.,:[\]-]+)/.exec(maskValue('MONGODB_URI', uri))?.[1] ?? '(no hosts)';
}
