import { causesOf, whyNoConnection } from '../tools/connection-failure.js';
import { unavailable } from '../tools/errors.js';
import { UnreadableBatch } from './compression.js';

const PROTOCOL = 'KAFKA_SECURITY_PROTOCOL (security.protocol)';

/** Returns `unavailable` with the reason of a connection error when it is known; otherwise the error itself. */
export function explained(error: unknown): unknown {
  const reason = reasonFor(error);
  return reason === undefined ? error : unavailable(reason, error);
}

/** Returns why Kafka cannot be used and which setting to check; undefined when Kafka just does not answer. */
export function reasonFor(error: unknown): string | undefined {
  const causes = causesOf(error);
  const unreadable = whyUnreadable(error);
  if (unreadable !== undefined) return unreadable;
  const has = (pattern: RegExp) =>
    causes.some(({ name, type, apiId }) => pattern.test(`${name} ${String(type ?? apiId)}`));
  if (has(/UNSUPPORTED_SASL_MECHANISM/))
    return 'Kafka does not support the SASL mechanism in KAFKA_SASL_MECHANISM (sasl.mechanism)';
  if (has(/SASLAuthentication|SASL_AUTHENTICATION_FAILED/)) {
    return 'Kafka rejects KAFKA_SASL_USERNAME or KAFKA_SASL_PASSWORD (sasl.username and sasl.password, or sasl.jaas.config)';
  }
  if (has(/ILLEGAL_SASL_STATE/)) return `this Kafka listener does not use SASL, but ${PROTOCOL} requires it`;
  const codes = causes.map(({ code }) => code);
  const failure = whyNoConnection(codes);
  if (failure !== undefined) return `Kafka ${failure} (KAFKA_BOOTSTRAP_SERVERS, KAFKA_CA_FILE)`;
  const isRefusedAtOnce = has(/ConnectionClosed/) || causes.some(({ message }) => /before secure TLS/.test(message));
  return isRefusedAtOnce ? `Kafka closes connections; if this persists, check ${PROTOCOL}` : undefined;
}

/** Returns why a record batch cannot be decompressed; undefined for other errors. */
export function whyUnreadable(error: unknown): string | undefined {
  return causesOf(error).find((cause) => cause instanceof UnreadableBatch)?.message;
}
