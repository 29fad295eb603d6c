import { injectable } from 'inversify';
import {
  Body,
  Consumes,
  Controller,
  Get,
  Header,
  Patch,
  Path,
  Post,
  Put,
  Response,
  Route,
  SuccessResponse,
  Tags,
} from '@tsoa/runtime';
import { parseIfMatch, toETag } from '../../platform/http/conditional.js';
import { mergePatch } from '../../platform/http/merge-patch.js';
import type { Problem } from '../../platform/http/problem.js';
import type { ChangeCustomer } from '../app/change-customer.js';
import type { GetCustomer } from '../app/get-customer.js';
import type { RegisterCustomer } from '../app/register-customer.js';
import { type Customer, type CustomerInput, statedBy } from '../domain/customer.js';
import type { CustomerDto, CustomerInputDto, CustomerPatchDto } from './customer-dto.js';

@injectable()
@Route('accounts/customers')
@Tags('Customers')
@Response<Problem>(503, 'Try again after `Retry-After`')
export class CustomersController extends Controller {
  constructor(
    private readonly registerCustomer: RegisterCustomer,
    private readonly changeCustomer: ChangeCustomer,
    private readonly getCustomer: GetCustomer,
  ) {
    super();
  }

  /** @summary Registers a customer */
  @Post()
  @SuccessResponse(201, 'Registered; `Location` names it')
  @Response<Problem>(422, 'A field is wrong; `errors` names each')
  async register(@Body() body: CustomerInputDto): Promise<CustomerDto> {
    const customer = await this.registerCustomer.execute(body);
    this.setHeader('Location', `/accounts/customers/${customer.id}`);
    return this.answer(customer);
  }

  /** @summary Reads a customer */
  @Get('{customerId}')
  @Response<Problem>(404, 'No such customer')
  async read(@Path() customerId: string): Promise<CustomerDto> {
    return this.answer(await this.getCustomer.execute(customerId));
  }

  /** @summary Replaces a customer */
  @Put('{customerId}')
  @Response<Problem>(404, 'No such customer')
  @Response<Problem>(412, '`If-Match` is stale')
  @Response<Problem>(422, 'A field is wrong; `errors` names each')
  async replace(
    @Path() customerId: string,
    @Body() body: CustomerInputDto,
    @Header('If-Match') ifMatch?: string,
  ): Promise<CustomerDto> {
    return this.answer(await this.changeCustomer.execute(customerId, () => body, parseIfMatch(ifMatch)));
  }

  /** @summary Changes parts of a customer by JSON Merge Patch (RFC 7396) */
  @Patch('{customerId}')
  @Consumes('application/merge-patch+json')
  @Response<Problem>(404, 'No such customer')
  @Response<Problem>(412, '`If-Match` is stale')
  @Response<Problem>(415, 'Not application/merge-patch+json')
  @Response<Problem>(422, 'A field is wrong; `errors` names each')
  async patch(
    @Path() customerId: string,
    @Body() body: CustomerPatchDto,
    @Header('If-Match') ifMatch?: string,
  ): Promise<CustomerDto> {
    const patched = (customer: Customer) => mergePatch(statedBy(customer), body) as CustomerInput;
    return this.answer(await this.changeCustomer.execute(customerId, patched, parseIfMatch(ifMatch)));
  }

  private answer(customer: Customer): CustomerDto {
    this.setHeader('ETag', toETag(customer.version));
    return customer;
  }
}
