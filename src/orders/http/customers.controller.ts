import { Example, Get, Header, Path, Query, Response, Route, Security, SuccessResponse, Tags } from '@tsoa/runtime';
import { parsePreferWait, type Problem, ResourceController } from '../../platform/http.js';
import type { GetCustomerWithOrders } from '../app/get-customer-with-orders.js';
import { CUSTOMER_ERASED, CUSTOMER_NOT_FOUND, CUSTOMER_WITH_ORDERS } from './examples.js';
import type { CustomerWithOrders } from './order-shapes.js';

@Route('orders/customers')
@Tags('Customers in orders')
export class CustomersInOrdersController extends ResourceController {
  constructor(private readonly getCustomerWithOrders: GetCustomerWithOrders) {
    super();
  }

  /**
   * The copy follows the events of accounts, so it may be older than the customer there.
   * @summary Returns orders' own copy of a customer, with the customer's orders
   * @param minVersion Minimum version of the copy. `Prefer: wait` says how long to wait for it.
   * @param limit Maximum number of orders per page.
   * @param cursor `next` of the previous page.
   * @param prefer `wait=SECONDS`: how long to wait for `minVersion`, at most 10 seconds.
   * @isLong minVersion
   * @minimum minVersion 1
   * @maximum minVersion 999999999999
   * @isInt limit
   * @minimum limit 1
   * @maximum limit 200
   * @example customerId "01a20699-0298-778c-90c1-07a39812d871"
   */
  @Get('{customerId}')
  @Security('bearer', ['orders:read'])
  @Security('bearer', ['orders:self'])
  @SuccessResponse(200, 'The copy and a page of orders; `Link` with `rel="next"` points to the next page')
  @Example<CustomerWithOrders>(CUSTOMER_WITH_ORDERS)
  @Response<Problem>(404, 'Orders has no copy of this customer', CUSTOMER_NOT_FOUND)
  @Response<Problem>(410, 'The customer was erased', CUSTOMER_ERASED)
  @Response<Problem>(503, 'The copy has not reached `minVersion`; retry after `Retry-After` seconds')
  async read(
    @Path() customerId: string,
    @Query() minVersion?: number,
    @Query() limit = 50,
    @Query() cursor?: string,
    @Header('Prefer') prefer?: string,
  ): Promise<CustomerWithOrders> {
    const paging = this.paging({ path: `/orders/customers/${encodeURIComponent(customerId)}`, limit, cursor });
    const { customer, customerVersion, orders } = await this.getCustomerWithOrders.execute({
      ...paging.order,
      ...(minVersion !== undefined && { minVersion }),
      customerId,
      waitSeconds: parsePreferWait(prefer),
    });
    return { customer, customerVersion, orders: [...orders.items], ...paging.following(orders.next) };
  }
}
