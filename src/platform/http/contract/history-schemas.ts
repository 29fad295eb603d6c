/** Schemas of a page of a history, as components of an OpenAPI document. */
export const HISTORY_SCHEMAS = {
  RecordedChange: {
    description: 'One recorded change, and its place in the log.',
    properties: {
      version: { type: 'integer', format: 'int32', description: 'The version after this change.' },
      type: { type: 'string', description: 'Type of the event.' },
      eventId: { type: 'string', description: 'Id of the event.' },
      time: { type: 'string', description: 'RFC 3339', format: 'date-time' },
      changed: { items: { type: 'string' }, type: 'array', description: 'JSON Pointers of the changed fields.' },
      actor: {
        type: 'string',
        description: 'The caller: the `sub` claim of the token, if the request had one.',
      },
      hash: {
        type: 'string',
        description:
          "SHA-256 of the event, hexadecimal. The aggregate's next event contains this hash, so that later " +
          'changes to the history are detected.',
      },
      partition: { type: 'integer', format: 'int32' },
      offset: { type: 'integer', format: 'int32' },
    },
    required: ['version', 'type', 'eventId', 'time', 'changed', 'partition', 'offset'],
    type: 'object',
    additionalProperties: false,
  },
  HistoryPage: {
    description: 'Recorded changes, oldest first.',
    properties: {
      items: { items: { $ref: '#/components/schemas/RecordedChange' }, type: 'array' },
      next: { type: 'string', description: 'The `cursor` of the next page; absent on the last page.' },
    },
    required: ['items'],
    type: 'object',
    additionalProperties: false,
  },
} as const;
