/** The parts of an AsyncAPI 3 document that the page on events shows. */
export interface AsyncApiDocument {
  readonly info: { readonly title: string; readonly version: string; readonly description?: string };
  readonly channels: Readonly<Record<string, Channel>>;
  readonly operations: Readonly<Record<string, Operation>>;
  readonly components: {
    readonly messages: Readonly<Record<string, Message>>;
    readonly schemas: Readonly<Record<string, MessageSchema>>;
  };
}

export interface Reference {
  /** JSON Pointer into the document; its last part is the name of what it refers to. */
  readonly $ref: string;
}

export interface Channel {
  readonly address: string;
  readonly description?: string;
  readonly messages: Readonly<Record<string, Reference>>;
  readonly bindings: {
    readonly kafka: {
      readonly partitions: number;
      readonly topicConfiguration: Readonly<Record<string, unknown>>;
    };
  };
}

export interface Operation {
  readonly action: 'send' | 'receive';
  readonly channel: Reference;
  readonly summary: string;
  readonly description?: string;
  readonly tags?: readonly { readonly name: string }[];
  readonly messages: readonly Reference[];
  readonly bindings?: { readonly kafka?: { readonly groupId?: { readonly enum: readonly string[] } } };
}

export interface Message {
  readonly title: string;
  readonly summary?: string;
  readonly headers?: MessageSchema;
  readonly payload: MessageSchema;
  readonly bindings: { readonly kafka: { readonly key: { readonly description: string } } };
  readonly examples?: readonly { readonly headers?: unknown; readonly payload?: unknown }[];
}

/** A JSON Schema (2020-12). */
export interface MessageSchema {
  readonly $ref?: string;
  readonly title?: string;
  readonly description?: string;
  readonly type?: string | readonly string[];
  readonly format?: string;
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly pattern?: string;
  readonly minimum?: number;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly required?: readonly string[];
  readonly properties?: Readonly<Record<string, MessageSchema>>;
  readonly items?: MessageSchema;
  readonly allOf?: readonly MessageSchema[];
  readonly anyOf?: readonly MessageSchema[];
  readonly 'x-personal'?: string | boolean;
}
