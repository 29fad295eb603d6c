import type { AsyncApiDocument, Message, MessageSchema, Operation } from './async-api-document.js';
import { type Field, fieldsOf, resolve } from './fields.js';
import { html, type Html, prose } from './html.js';
import { contextsOf, isDeadLetters, keyOf, retentionOf, type Topic, topicsOf } from './topics.js';

/**
 * Returns the page that shows an AsyncAPI document to people: its topics, who publishes and who reads them, and the
 * fields of every message. It needs no script, and nothing but its stylesheet.
 */
export function eventsPage(document: AsyncApiDocument): string {
  const { title, version, description } = document.info;
  const topics = topicsOf(document);
  const open = topics.filter((topic) => !isDeadLetters(topic));
  const internal = topics.filter(isDeadLetters);
  const page = html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <title>Events of ${title}</title>
        <link rel="icon" href="favicon-32x32.png" />
        <link rel="stylesheet" href="events.css" />
      </head>
      <body>
        <a class="skip" href="#topics">To the topics</a>
        <header>
          <h1>Events <small>${title} ${version}</small></h1>
          <nav aria-label="Documents">
            <a href="./">HTTP API</a> <a href="../asyncapi.json">asyncapi.json</a>
            <a href="../openapi.json">openapi.json</a>
          </nav>
          <p>${prose(description)}</p>
        </header>
        <main>
          ${reading()} ${overview(open)} ${open.map((topic) => topicSection(document, topic))}
          ${deadLetters(document, internal)} ${envelope(document)}
        </main>
      </body>
    </html>`;
  return page.text;
}

function reading(): Html {
  return html`<section aria-labelledby="reading">
    <h2 id="reading">How to read them</h2>
    <ul>
      <li>
        A record is one <a href="#envelope">CloudEvent</a> in JSON. Its <code>data</code> has the whole state after the
        change: no call back is needed.
      </li>
      <li>
        The records of a key are in one partition, in order. A record may be repeated: apply it only if its
        <code>sequence</code> is higher than the one that you have of this <code>subject</code>.
      </li>
      <li>
        A topic is kept from its first record on, in the versions that were current then. Choose by
        <code>dataschema</code>, and ignore members and types that you do not know.
      </li>
      <li>
        Fields marked <mark>personal</mark> are sealed: in the record they are encrypted in <code>sealed</code>, with
        the key of the person. Once that key is destroyed, nobody can read them. Versions without
        <code>sealed</code> have all fields in clear text.
      </li>
    </ul>
  </section>`;
}

function overview(topics: readonly Topic[]): Html {
  return html`<section aria-labelledby="topics">
    <h2 id="topics" tabindex="-1">Topics</h2>
    <div class="scroll" role="region" aria-labelledby="topics" tabindex="0">
      <table>
        <thead>
          <tr>
            <th>Topic</th>
            <th>Key</th>
            <th>Messages</th>
            <th>Published by</th>
            <th>Read by</th>
          </tr>
        </thead>
        <tbody>
          ${topics.map(
            (topic) =>
              html`<tr>
                <td>
                  <a href="#${topic.channel.address}"><code>${breakable(topic.channel.address)}</code></a>
                </td>
                <td data-label="Key">${prose(keyOf(topic))}</td>
                <td data-label="Messages">
                  ${topic.messages.filter(([name]) => !topic.older.has(name)).map(([name]) => html`<a class="line" href="#${name}">${breakable(name)}</a>`)}
                </td>
                <td data-label="Published by">${contextsOf(topic.senders)}</td>
                <td data-label="Read by">${contextsOf(topic.readers)}</td>
              </tr>`,
          )}
        </tbody>
      </table>
    </div>
  </section>`;
}

function topicSection(document: AsyncApiDocument, topic: Topic): Html {
  const { channel, senders, readers, messages } = topic;
  const { address, description, bindings } = channel;
  return html`<section aria-labelledby="${address}">
    <h2 id="${address}"><code>${breakable(address)}</code></h2>
    <p>${prose(description)}</p>
    <dl>
      <dt>Key</dt>
      <dd>${prose(keyOf(topic))}</dd>
      <dt>Partitions</dt>
      <dd>${bindings.kafka.partitions} in a new topic</dd>
      <dt>Kept</dt>
      <dd>${retentionOf(channel)}</dd>
      <dt>Published</dt>
      <dd>${senders.length === 0 ? 'by a context that is not in this document' : operationList(senders)}</dd>
      <dt>Read</dt>
      <dd>${readers.length === 0 ? 'by no context in this document' : operationList(readers)}</dd>
    </dl>
    ${messages.map(([name, message]) => messageDetails(document, name, message, ageOf(topic, name)))}
  </section>`;
}

function operationList(operations: readonly Operation[]): Html {
  return html`<ul>
    ${operations.map(({ summary, description, bindings }) => {
      const group = bindings?.kafka?.groupId?.enum[0];
      return html`<li>
        ${summary}${group === undefined ? undefined : html` <span class="tag">group ${group}</span>`}
        <small>${prose(description)}</small>
      </li>`;
    })}
  </ul>`;
}

/** If the publisher is not in the document, it does not say which version is current. */
function ageOf({ senders, older }: Topic, name: string): Html | undefined {
  if (older.has(name)) return html`<span class="tag">older version</span>`;
  return senders.length > 0 ? html`<span class="tag current">current</span>` : undefined;
}

function messageDetails(document: AsyncApiDocument, name: string, message: Message, age: Html | undefined): Html {
  const data = dataOf(document, message);
  const fields = fieldsOf(document, data);
  const forms = (resolve(document, data).anyOf ?? []).flatMap(({ description }) => description ?? []);
  const examples = message.examples ?? [];
  return html`<details id="${name}">
    <summary>
      <h3>${breakable(name)}</h3>
      ${age} ${fields.some(({ personal }) => personal) ? html`<mark>personal</mark>` : undefined}
      <span class="summary">${prose(message.summary)}</span>
    </summary>
    ${
      forms.length > 0
        ? html`<p>In one of these forms:</p>
            <ul>
              ${forms.map((form) => html`<li>${prose(form)}</li>`)}
            </ul>`
        : undefined
    }
    ${fields.length > 0 ? fieldTable(`Fields of the data of ${name}`, fields) : html`<p>${prose(resolve(document, data).description)}</p>`}
    ${examples.map(
      (example, index) =>
        html`<details class="example">
          <summary>Example${examples.length > 1 ? ` ${index + 1}` : ''}</summary>
          <pre tabindex="0">${JSON.stringify(example.headers === undefined ? example.payload : example, null, 2)}</pre>
        </details>`,
    )}
  </details>`;
}

function fieldTable(title: string, fields: readonly Field[]): Html {
  return html`<div class="scroll" role="region" aria-label="${title}" tabindex="0">
    <table class="fields">
      <thead>
        <tr>
          <th>Field</th>
          <th>Type</th>
          <th>Meaning</th>
        </tr>
      </thead>
      <tbody>
        ${fields.map(
          ({ path, type, limits, required, personal, description }) =>
            html`<tr>
              <td>
                <code>${breakable(path)}</code
                >${required ? undefined : html` <small>optional</small>`}${personal ? html` <mark>personal</mark>` : undefined}
              </td>
              <td>${type}</td>
              <td>
                ${prose(description)}
                ${limits.length > 0 ? html`<small>${prose(limits.join(', '))}</small>` : undefined}
              </td>
            </tr>`,
        )}
      </tbody>
    </table>
  </div>`;
}

function deadLetters(document: AsyncApiDocument, topics: readonly Topic[]): Html | undefined {
  const message = topics[0]?.messages[0]?.[1];
  if (!message) return undefined;
  return html`<section aria-labelledby="dead-letters">
    <h2 id="dead-letters">Dead letters</h2>
    <p>Internal topics. ${message.summary} Other services have no need to read them.</p>
    <ul>
      ${topics.map(({ channel }) => html`<li id="${channel.address}"><code>${breakable(channel.address)}</code> <small>${prose(channel.description)}</small></li>`)}
    </ul>
    <details>
      <summary><h3>Headers of a dead letter</h3></summary>
      ${fieldTable('Headers of a dead letter', fieldsOf(document, message.headers ?? {}))}
    </details>
  </section>`;
}

function envelope(document: AsyncApiDocument): Html | undefined {
  const schema = document.components.schemas.CloudEvent;
  const event = Object.values(document.components.messages).find(({ payload }) => payload.allOf);
  if (!schema || !event) return undefined;
  const { properties, ...headers } = event.headers ?? {};
  // The values of these headers are of one event.
  const ofAny = Object.entries(properties ?? {}).map(([name, header]): [string, MessageSchema] => {
    const isOfOne = header.const !== undefined && /^ce_(type|dataschema)$/.test(name);
    return [name, isOfOne ? { type: 'string', description: `As \`${name.slice(3)}\` in the event.` } : header];
  });
  return html`<section aria-labelledby="envelope">
    <h2 id="envelope">The envelope of every event</h2>
    <p>${prose(schema.description)}</p>
    <details id="attributes">
      <summary><h3>Attributes</h3></summary>
      ${fieldTable('Attributes of an event', fieldsOf(document, schema))}
    </details>
    <details id="headers">
      <summary><h3>Headers of the record</h3></summary>
      ${fieldTable('Headers of the record', fieldsOf(document, { ...headers, properties: Object.fromEntries<MessageSchema>(ofAny) }))}
    </details>
  </section>`;
}

/** Returns the schema of an event's data, or of the whole value of a record that is no event. */
function dataOf(document: AsyncApiDocument, { payload }: Message): MessageSchema {
  const parts = (payload.allOf ?? []).map((part) => resolve(document, part));
  const data = parts.flatMap(({ properties }) => properties?.data ?? []);
  return data.find(({ $ref }) => $ref !== undefined) ?? payload;
}

/** Lets a long name break after its dots. */
function breakable(name: string): Html {
  return html`${name.split('.').map((part, index) => (index === 0 ? part : html`.<wbr />${part}`))}`;
}
