/** Schemas of a page of a history, as components of an OpenAPI document. */
export const HISTORY_SCHEMAS = {
  RecordedChange: {
    description: 'One recorded change, and where the log has it.',
    properties: {
      version: { type: 'integer', format: 'int32', description: 'The version that it led to.' },
      type: { type: 'string', description: 'Type of the event.' },
      eventId: { type: 'string', description: 'Id of the event.' },
      time: { type: 'string', description: 'RFC 3339', format: 'date-time' },
      changed: { items: { type: 'string' }, type: 'array', description: 'JSON Pointers of what changed.' },
      actor: {
        type: 'string',
        description: "Who did it: the subject of the caller's token, where there was one.",
      },
      hash: {
        type: 'string',
        description:
          'SHA-256 of the event, hexadecimal. The next event of the aggregate names it, so that the history cannot be ' +
          'altered unnoticed.',
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
      next: { type: 'string', description: 'The `cursor` of the next page, when there is one.' },
    },
    required: ['items'],
    type: 'object',
    additionalProperties: false,
  },
} as const;
