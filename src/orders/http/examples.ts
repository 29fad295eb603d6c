import type { Problem } from '../../platform/http.js';
import type { Order } from '../domain/order.js';
import type { CustomerWithOrders, OrderPage } from './order-shapes.js';

export const ORDER: Order = {
  id: '01a20699-02a9-740e-aead-da7262a9c6e1',
  version: 1,
  customerId: '01a20699-0298-778c-90c1-07a39812d871',
  status: 'PLACED',
  items: [{ product: { id: 'p-1', title: 'Notebook', price: { amount: '19.99', currency: 'USD' } }, quantity: 2 }],
  total: { amount: '39.98', currency: 'USD' },
  createdAt: '2026-11-23T04:10:20.714Z',
  updatedAt: '2026-11-23T04:10:20.714Z',
};

export const SHIPPED: Order = {
  id: '01a20699-02a9-740e-aead-da7262a9c6e1',
  version: 2,
  customerId: '01a20699-0298-778c-90c1-07a39812d871',
  status: 'SHIPPED',
  items: [{ product: { id: 'p-1', title: 'Notebook', price: { amount: '19.99', currency: 'USD' } }, quantity: 2 }],
  total: { amount: '39.98', currency: 'USD' },
  shipTo: {
    type: 'SHIPPING',
    address1: '12 St James Square',
    city: 'London',
    state: 'LND',
    postalCode: 'SW1Y 4JH',
    country: 'GB',
    customerVersion: 1,
  },
  createdAt: '2026-11-23T04:10:20.714Z',
  updatedAt: '2026-11-23T04:12:01.003Z',
};

export const CANCELLED: Order = {
  id: '01a20699-02a9-740e-aead-da7262a9c6e1',
  version: 2,
  customerId: '01a20699-0298-778c-90c1-07a39812d871',
  status: 'CANCELLED',
  items: [{ product: { id: 'p-1', title: 'Notebook', price: { amount: '19.99', currency: 'USD' } }, quantity: 2 }],
  total: { amount: '39.98', currency: 'USD' },
  cancelReason: 'ordered twice',
  createdAt: '2026-11-23T04:10:20.714Z',
  updatedAt: '2026-11-23T04:12:01.003Z',
};

export const ORDERS: OrderPage = {
  items: [SHIPPED],
  next: 'eyJsaXN0Ijoi',
};

export const CUSTOMER_WITH_ORDERS: CustomerWithOrders = {
  customer: {
    id: '01a20699-0298-778c-90c1-07a39812d871',
    version: 1,
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
    createdAt: '2026-11-23T04:10:20.697Z',
    updatedAt: '2026-11-23T04:10:20.697Z',
  },
  customerVersion: 1,
  orders: [SHIPPED],
};

export const NOT_FOUND: Problem = {
  type: 'urn:problem:order-not-found',
  title: 'Order not found',
  status: 404,
  detail: 'there is no such order',
};

export const WRONG_STATUS: Problem = {
  type: 'urn:problem:wrong-status',
  title: 'Wrong status',
  status: 409,
  detail: 'the order is CANCELLED and cannot become SHIPPED',
};

export const NO_SHIPPING_ADDRESS: Problem = {
  type: 'urn:problem:no-shipping-address',
  title: 'No shipping address',
  status: 422,
  detail: 'the customer has no shipping address',
};

export const UNKNOWN_CUSTOMER: Problem = {
  type: 'urn:problem:unknown-customer',
  title: 'Unknown customer',
  status: 422,
  detail: 'orders does not know this customer',
  errors: [{ pointer: '/customerId', message: 'is not a customer that orders knows' }],
};

export const CUSTOMER_NOT_FOUND: Problem = {
  type: 'urn:problem:customer-not-found',
  title: 'Customer not found',
  status: 404,
  detail: 'orders has no copy of this customer',
};

export const CUSTOMER_ERASED: Problem = {
  type: 'urn:problem:customer-erased',
  title: 'Customer erased',
  status: 410,
  detail: 'the data of this customer was erased',
};
