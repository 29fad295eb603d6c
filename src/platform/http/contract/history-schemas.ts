/** Bytes of an event, at most: what of it is in a history has no narrower limit in every context. */
const MAX_EVENT = 1024 ** 2;
/** As long as the `sequence` of an event may be. */
const MAX_VERSION = 999_999_999_999_999;

/** Schemas of a page of a history, as components of an OpenAPI document. */
export const HISTORY_SCHEMAS = {
  RecordedChange: {
    description: 'One recorded change, and its place in the log.',
    properties: {
      version: {
        type: 'integer',
        format: 'int64',
        minimum: 1,
        maximum: MAX_VERSION,
        description: 'The version after this change.',
      },
      type: {
        type: 'string',
        pattern: '^[0-9A-Za-z]+([._-][0-9A-Za-z]+)*$',
        maxLength: 200,
        description: 'Type of the event.',
      },
      eventId: { type: 'string', format: 'uuid', description: 'Id of the event.' },
      time: { type: 'string', description: 'RFC 3339', format: 'date-time' },
      changed: {
        items: { type: 'string', format: 'json-pointer', maxLength: MAX_EVENT },
        type: 'array',
        maxItems: MAX_EVENT,
        description: 'JSON Pointers of the changed fields.',
      },
      actor: {
        type: 'string',
        maxLength: 255,
        description: 'The caller: the `sub` claim of the token, if the request had one.',
      },
      hash: {
        type: 'string',
        pattern: '^[0-9a-f]{64}$',
        maxLength: 64,
        description:
          "SHA-256 of the event, hexadecimal. The aggregate's next event contains this hash, so that later " +
          'changes to the history are detected.',
      },
      partition: { type: 'integer', format: 'int32', minimum: 0, description: 'Partition of the topic.' },
      offset: { type: 'integer', format: 'int64', minimum: 0, description: 'Offset in the partition.' },
    },
    required: ['version', 'type', 'eventId', 'time', 'changed', 'partition', 'offset'],
    type: 'object',
    additionalProperties: false,
  },
  HistoryPage: {
    description: 'Recorded changes, oldest first.',
    properties: {
      items: { items: { $ref: '#/components/schemas/RecordedChange' }, type: 'array', maxItems: 200 },
      next: {
        type: 'string',
        format: 'base64url',
        maxLength: 4000,
        description: 'The `cursor` of the next page; absent on the last page.',
      },
    },
    required: ['items'],
    type: 'object',
    additionalProperties: false,
  },
} as const;
