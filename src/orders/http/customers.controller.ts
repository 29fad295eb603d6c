import { injectable } from 'inversify';
import { Controller, Get, Header, Path, Query, Response, Route, Tags } from '@tsoa/runtime';
import { decodeCursor, encodeCursor } from '../../platform/http/cursor.js';
import { parsePreferWait } from '../../platform/http/prefer.js';
import type { Problem } from '../../platform/http/problem.js';
import { type GetCustomerWithOrders, NEWEST_FIRST } from '../app/get-customer-with-orders.js';
import type { CustomerWithOrdersDto } from './order-dto.js';

@injectable()
@Route('orders/customers')
@Tags('Customers in orders')
export class CustomersInOrdersController extends Controller {
  constructor(private readonly getCustomerWithOrders: GetCustomerWithOrders) {
    super();
  }

  /**
   * @summary Reads orders' own copy of a customer, with the customer's orders
   * @param minVersion the version that the copy must have reached; see `Prefer`
   * @param limit most orders in the answer
   * @param cursor `next` of the page before
   * @param prefer `wait=SECONDS`, at most 10: how long to wait for `minVersion`
   * @isInt minVersion
   * @minimum minVersion 1
   * @isInt limit
   * @minimum limit 1
   * @maximum limit 200
   */
  @Get('{customerId}')
  @Response<Problem>(400, '`cursor` is not one that this list gave')
  @Response<Problem>(404, 'Orders knows no such customer')
  @Response<Problem>(422, 'A parameter is wrong')
  @Response<Problem>(503, '`minVersion` has not arrived; try again after `Retry-After`')
  async read(
    @Path() customerId: string,
    @Query() minVersion?: number,
    @Query() limit = 50,
    @Query() cursor?: string,
    @Header('Prefer') prefer?: string,
  ): Promise<CustomerWithOrdersDto> {
    const list = `orders of ${customerId}`;
    const after = decodeCursor(cursor, list, NEWEST_FIRST);
    const { customer, customerVersion, orders } = await this.getCustomerWithOrders.execute({
      customerId,
      ...(minVersion !== undefined && { minVersion }),
      wait: parsePreferWait(prefer),
      limit,
      ...(after && { after }),
    });
    return {
      customer,
      customerVersion,
      orders: [...orders.items],
      ...(orders.next && { next: this.linkTo(customerId, limit, encodeCursor(list, orders.next)) }),
    };
  }

  private linkTo(customerId: string, limit: number, cursor: string): string {
    const query = new URLSearchParams({ limit: String(limit), cursor });
    this.setHeader('Link', `</orders/customers/${encodeURIComponent(customerId)}?${query.toString()}>; rel="next"`);
    return cursor;
  }
}
