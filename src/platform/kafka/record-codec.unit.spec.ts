import { execFileSync } from 'node:child_process';
import { pathToFileURL } from 'node:url';
import { expect, it } from '@jest/globals';
import { DECODER_MODULE } from './record-decoding.js';
import { ENCODER_MODULE } from './record-encoding.js';

const built = (file: string) => JSON.stringify(pathToFileURL(`dist/platform/kafka/${file}.js`).href);

it('kafkajs encodes and decodes records with our code', () => {
  const program = `
    const { createRequire } = await import('node:module');
    const { replaceRecordCodec } = await import(${built('record-codec')});
    const { encodeRecord } = await import(${built('record-encoding')});
    const { decodeRecord } = await import(${built('record-decoding')});
    replaceRecordCodec();
    const { Kafka } = await import('kafkajs');
    const require = createRequire(${JSON.stringify(import.meta.url)});
    const produce = require('kafkajs/src/protocol/requests/produce/v3/request.js');
    const messages = [{ key: 'k', value: 'v' }];
    const topicData = [{ topic: 't', partitions: [{ partition: 0, messages }] }];
    const request = await produce({ acks: -1, timeout: 1, compression: 0, topicData }).encode();
    console.log(typeof Kafka, request.buffer.length > 60);
    console.log(require('${ENCODER_MODULE}') === encodeRecord, require('${DECODER_MODULE}') === decodeRecord);
  `;
  const output = execFileSync(process.execPath, ['--input-type=module', '-e', program], { encoding: 'utf8' });
  expect(output.trim().split('\n')).toEqual(['function true', 'true true']);
});
