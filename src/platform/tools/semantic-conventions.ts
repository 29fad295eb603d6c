/**
 * Names of OpenTelemetry's semantic conventions (1.45), as far as the spans here use them. HTTP names are stable;
 * messaging names are still in development. These constants replace a package of several megabytes.
 */
export const ATTRIBUTE = {
  serviceName: 'service.name',
  serviceVersion: 'service.version',
  errorType: 'error.type',
  httpMethod: 'http.request.method',
  httpRoute: 'http.route',
  httpStatus: 'http.response.status_code',
  urlScheme: 'url.scheme',
  messagingSystem: 'messaging.system',
  messagingOperation: 'messaging.operation.name',
  messagingOperationType: 'messaging.operation.type',
  messagingTopic: 'messaging.destination.name',
  messagingPartition: 'messaging.destination.partition.id',
  messagingGroup: 'messaging.consumer.group.name',
  messagingBatchSize: 'messaging.batch.message_count',
} as const;

/** The log that a process uses; the convention has no name for an embedded one. */
export type MessagingSystem = 'kafka' | 'embedded_log';

/** The types of the operations `publish` and `apply`. */
export const OPERATION_TYPE = { publish: 'send', apply: 'process' } as const;

const HTTP_METHODS = new Set(['CONNECT', 'DELETE', 'GET', 'HEAD', 'OPTIONS', 'PATCH', 'POST', 'PUT', 'TRACE']);

/** Returns the value of {@link ATTRIBUTE}.httpMethod: clients must not be able to create any number of values. */
export function httpMethodOf(method: string): string {
  return HTTP_METHODS.has(method) ? method : '_OTHER';
}
