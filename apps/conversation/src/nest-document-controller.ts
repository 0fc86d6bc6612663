import { Controller, Get, Header } from '@nestjs/common';
import { documentOf } from './openapi.js';
import { referencePage } from './reference-page.js';
import { routes } from './routes.js';

/** The API describes itself; open to everybody, for it says nothing of any app. */
@Controller('api/v1')
export class DocumentController {
  private json: string | undefined;
  private page: string | undefined;

  @Get('openapi.json')
  @Header('content-type', 'application/json; charset=utf-8')
  document(): string {
    return (this.json ??= JSON.stringify(documentOf(routes)));
  }

  @Get()
  @Header('content-type', 'text/html; charset=utf-8')
  reference(): string {
    return (this.page ??= referencePage(documentOf(routes)));
  }
}
