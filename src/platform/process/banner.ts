import type { Context } from '../context/define-context.js';

const CUSTOMER = JSON.stringify({
  name: { firstName: 'Ada', lastName: 'Lovelace' },
  contact: { email: 'ada@example.com' },
  addresses: [
    {
      type: 'SHIPPING',
      address1: '12 St James Square',
      city: 'London',
      state: 'LND',
      postalCode: 'SW1Y 4JH',
      country: 'GB',
    },
  ],
});
const ITEMS = '[{"product":{"id":"p-1","title":"Notebook","price":{"amount":"19.99","currency":"USD"}},"quantity":2}]';
/** Orders may not have received the customer yet. */
const WAIT = `-H 'Prefer: wait=5'`;
const JSON_BODY = `-H 'content-type: application/json'`;

/** Returns the text that a start on a terminal prints: URLs and example requests. */
export function banner(contexts: readonly Context[], runsOn: string, url: string, managementUrl: string): string {
  const names = contexts.map(({ name }) => name);
  const examples = [
    ...(names.includes('accounts')
      ? [
          `ID=$(curl -s ${url}/accounts/customers ${JSON_BODY} -d '${CUSTOMER}' | sed 's/.*"id":"\\([^"]*\\)".*/\\1/'); echo $ID`,
        ]
      : []),
    ...(names.includes('orders')
      ? [
          `curl -s ${url}/orders ${JSON_BODY} ${WAIT} -d '{"customerId":"'$ID'","minCustomerVersion":1,"items":${ITEMS}}'`,
          `curl -s "${url}/orders/customers/$ID?minVersion=1" ${WAIT}`,
        ]
      : []),
  ];
  return `
  ${names.join(' and ')}: ${url}
  Runs on:     ${runsOn}
  Swagger UI:  ${url}/docs
  Console:     ${managementUrl}/console/
  Readiness:   ${managementUrl}/health/ready

  Try:
${examples.map((example) => `  ${example}\n`).join('')}`;
}
