import { injectable } from 'inversify';
import {
  Controller,
  Example,
  Get,
  Header,
  Path,
  Query,
  Response,
  Route,
  Security,
  SuccessResponse,
  Tags,
} from '@tsoa/runtime';
import { nextOf, placeAfter } from '../../platform/http/paging.js';
import { parsePreferWait } from '../../platform/http/prefer.js';
import type { Problem } from '../../platform/http/problem.js';
import type { GetCustomerWithOrders } from '../app/get-customer-with-orders.js';
import { CUSTOMER_ERASED, CUSTOMER_NOT_FOUND, CUSTOMER_WITH_ORDERS } from './examples.js';
import type { CustomerWithOrdersDto } from './order-dto.js';

const PROBLEM = 'application/problem+json';

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
   * @maximum minVersion 999999999999
   * @isInt limit
   * @minimum limit 1
   * @maximum limit 200
   * @example customerId "01a20699-0298-778c-90c1-07a39812d871"
   */
  @Get('{customerId}')
  @Security('bearer', ['orders:read'])
  @SuccessResponse(200, 'The copy; `Link` with `rel="next"` leads to the next page of orders')
  @Example<CustomerWithOrdersDto>(CUSTOMER_WITH_ORDERS)
  @Response<Problem>(400, '`cursor` is not one that this list gave', undefined, PROBLEM)
  @Response<Problem>(404, 'Orders knows no such customer', CUSTOMER_NOT_FOUND, PROBLEM)
  @Response<Problem>(410, 'The customer was erased', CUSTOMER_ERASED, PROBLEM)
  @Response<Problem>(422, 'A parameter is wrong', undefined, PROBLEM)
  @Response<Problem>(503, '`minVersion` has not arrived; try again after `Retry-After`', undefined, PROBLEM)
  async read(
    @Path() customerId: string,
    @Query() minVersion?: number,
    @Query() limit = 50,
    @Query() cursor?: string,
    @Header('Prefer') prefer?: string,
  ): Promise<CustomerWithOrdersDto> {
    const path = `/orders/customers/${encodeURIComponent(customerId)}`;
    const request = { path, parameters: {}, limit, cursor };
    const after = placeAfter(request);
    const { customer, customerVersion, orders } = await this.getCustomerWithOrders.execute({
      customerId,
      ...(minVersion !== undefined && { minVersion }),
      wait: parsePreferWait(prefer),
      limit,
      ...(after && { after }),
    });
    const following = nextOf(request, orders.next);
    if (following) this.setHeader('Link', following.link);
    return { customer, customerVersion, orders: [...orders.items], ...(following && { next: following.next }) };
  }
}
