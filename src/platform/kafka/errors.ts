import { causesOf, whyNoConnection } from '../tools/connection-failure.js';
import { unavailable } from '../tools/errors.js';

const PROTOCOL = 'KAFKA_SECURITY_PROTOCOL (security.protocol)';

/** An error with the reason for its message, where it is of the connection and the reason is known. */
export function explained(error: unknown): unknown {
  const reason = reasonFor(error);
  return reason === undefined ? error : unavailable(reason, error);
}

/** Why Kafka cannot be used, for an operator, with the setting that may be at fault; undefined where it is just away. */
export function reasonFor(error: unknown): string | undefined {
  const causes = causesOf(error);
  const has = (pattern: RegExp) => causes.some(({ name, type }) => pattern.test(`${name} ${String(type)}`));
  if (has(/UNSUPPORTED_SASL_MECHANISM/)) return 'Kafka does not offer KAFKA_SASL_MECHANISM (sasl.mechanism)';
  if (has(/SASLAuthentication|SASL_AUTHENTICATION_FAILED/)) {
    return 'Kafka refuses KAFKA_SASL_USERNAME and KAFKA_SASL_PASSWORD (sasl.username and sasl.password, or sasl.jaas.config)';
  }
  if (has(/ILLEGAL_SASL_STATE/)) return `Kafka knows no SASL there, which ${PROTOCOL} asks for`;
  const codes = causes.map(({ code }) => code);
  const failure = whyNoConnection(codes);
  if (failure !== undefined) return `Kafka ${failure} (KAFKA_BOOTSTRAP_SERVERS, KAFKA_CA_FILE)`;
  const isRefusedAtOnce = has(/ConnectionClosed/) || causes.some(({ message }) => /before secure TLS/.test(message));
  return isRefusedAtOnce ? `Kafka closes connections; if it always does, see ${PROTOCOL}` : undefined;
}
