/**
 * Customers and orders in every state there is, so that the fuzzer gets past 404.
 * @param {string} url @returns {Promise<Record<'customers' | 'orders' | 'cursors', string[]>>} ids and cursors that there are
 */
export async function seed(url) {
  /** @param {string} path @param {object} [body] @param {string} [method] @returns {Promise<any>} */
  const send = async (path, body, method = 'POST') => {
    const headers = { 'content-type': 'application/json', prefer: 'wait=5' };
    const response = await fetch(url + path, { method, headers, ...(body && { body: JSON.stringify(body) }) });
    if (!response.ok) throw new Error(`seeding: ${method} ${path} answers ${response.status}`);
    return response.status === 204 ? undefined : response.json();
  };
  /** @param {object} more @returns {Promise<string>} */
  const register = async (more) => (await send('/accounts/customers', { ...person, ...more })).id;
  /** @param {string} customerId @returns {Promise<string>} */
  const place = async (customerId) => (await send('/orders', { customerId, items, minCustomerVersion: 1 })).id;

  // Many, for each ends once: what is shipped or erased answers 409 or 410 from then on.
  const customers = await Promise.all(
    Array.from({ length: 12 }, (_, index) => register(index % 2 ? { creditCards } : {})),
  );
  const [customer, erased] = /** @type {[string, string]} */ (customers);
  const homeless = await register({ addresses: [] });
  const orders = await Promise.all(Array.from({ length: 60 }, () => place(customer)));
  for (const buyer of [erased, homeless]) orders.push(await place(buyer));
  await send(`/orders/${orders[0]}/ship`);
  await send(`/orders/${orders[1]}/cancel`, { reason: 'ordered twice' });
  await send(`/accounts/customers/${erased}`, undefined, 'DELETE');
  const lists = ['/accounts/customers', '/orders', ...customers.map((id) => `/accounts/customers/${id}/history`)];
  lists.push(`/orders/customers/${customer}`, ...orders.map((id) => `/orders/${id}/history`));
  const pages = await Promise.all(lists.map((list) => send(`${list}?limit=1`, undefined, 'GET')));
  const cursors = pages.flatMap(({ next }) => next ?? []);
  return { customers: [...customers, homeless], orders, cursors };
}

const person = {
  name: { firstName: 'Ada', lastName: 'Lovelace' },
  contact: { email: 'ada@example.com' },
  addresses: [
    { type: 'SHIPPING', address1: '1 Main', city: 'London', state: 'LND', postalCode: 'SW1Y', country: 'GB' },
  ],
};
const creditCards = [{ type: 'PRIMARY', number: '4111 1111 1111 1111', expiration: '12/30', nameOnCard: 'Ada' }];
const items = [{ product: { id: 'p-1', title: 'Notebook', price: { amount: '19.99', currency: 'USD' } }, quantity: 2 }];
