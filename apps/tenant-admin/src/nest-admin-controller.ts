import { isAbsolute } from 'node:path';
import {
  Body,
  Controller,
  Get,
  HttpCode,
  Inject,
  Param,
  Patch,
  Post,
  Query,
  UseGuards,
} from '@nestjs/common';
import {
  type AppView,
  type Tenant,
  createApp,
  createTenant,
  fromStored,
  listApps,
  rotateKey,
  setApp,
  showApp,
} from '@hongyan/apps';
import { AppError } from '@hongyan/protocol';
import { parseInput } from '@hongyan/rest';
import { OperatorGuard } from './nest-operator-guard.js';
import { TENANT_ADMIN_PARTS, type TenantAdminParts } from './parts.js';
import {
  appId,
  backupSchema,
  clientId,
  createAppSchema,
  createTenantSchema,
  kickSchema,
  onlineSchema,
  rotateSchema,
  setAppSchema,
  tenantId,
} from './schemas.js';

const ONLINE_SHOWN = 1000;

/** Tenants, apps and the care of the store, for operators. */
@Controller('admin/v1')
@UseGuards(OperatorGuard)
export class AdminController {
  constructor(@Inject(TENANT_ADMIN_PARTS) private readonly parts: TenantAdminParts) {}

  @Get('tenants')
  async tenants(): Promise<{ items: Tenant[] }> {
    return { items: await this.parts.administration.store.tenants() };
  }

  @Post('tenants')
  createTenant(@Body() body: unknown): Promise<Tenant> {
    return createTenant(this.parts.administration, parseInput(createTenantSchema, body));
  }

  @Get('apps')
  async apps(@Query('tenant') tenant?: unknown): Promise<{ items: AppView[] }> {
    const of = tenant === undefined ? undefined : parseInput(tenantId, tenant);
    return { items: await listApps(this.parts.administration, of) };
  }

  /** The answer has the master key: it is shown here, and by an explicit reveal. */
  @Post('apps')
  async createApp(@Body() body: unknown): Promise<AppView> {
    const { administration } = this.parts;
    const { id } = await createApp(administration, parseInput(createAppSchema, body));
    return showApp(administration, id, true);
  }

  @Get('apps/:app')
  app(@Param('app') app: string): Promise<AppView> {
    return showApp(this.parts.administration, parseInput(appId, app));
  }

  @Post('apps/:app/reveal')
  @HttpCode(200)
  reveal(@Param('app') app: string): Promise<AppView> {
    return showApp(this.parts.administration, parseInput(appId, app), true);
  }

  @Patch('apps/:app')
  setApp(@Param('app') app: string, @Body() body: unknown): Promise<AppView> {
    const { settings } = parseInput(setAppSchema, body);
    return setApp(this.parts.administration, parseInput(appId, app), settings);
  }

  @Post('apps/:app/rotate')
  @HttpCode(200)
  rotate(@Param('app') app: string, @Body() body: unknown): Promise<AppView> {
    return rotateKey(this.parts.administration, parseInput(appId, app), parseInput(rotateSchema, body));
  }

  @Post('apps/:app/clients/:client/kick')
  @HttpCode(200)
  async kick(
    @Param('app') id: string,
    @Param('client') client: string,
    @Body() body: unknown,
  ): Promise<object> {
    const { store, secrets } = this.parts.administration;
    const stored = await store.app(parseInput(appId, id));
    if (stored === undefined) throw new AppError('not_found', { detail: `there is no app ${id}` });
    await this.parts.kick(
      fromStored(stored, secrets),
      parseInput(clientId, client),
      parseInput(kickSchema, body ?? {}),
    );
    return {};
  }

  /** How many are online, and who: the first 1,000, or those asked for. */
  @Post('apps/:app/online')
  @HttpCode(200)
  async online(
    @Param('app') id: string,
    @Body() body: unknown,
  ): Promise<{ count: number; clients: string[] }> {
    const app = parseInput(appId, id);
    const { clients } = parseInput(onlineSchema, body ?? {});
    const { presence, administration } = this.parts;
    await showApp(administration, app);
    const count = await presence.onlineCount(app);
    if (clients !== undefined) return { count, clients: await presence.online(app, clients) };
    for await (const batch of presence.everyone(app, ONLINE_SHOWN)) return { count, clients: batch };
    return { count, clients: [] };
  }

  /** The path is one of the server's machine. */
  @Post('backup')
  @HttpCode(200)
  async backup(@Body() body: unknown): Promise<{ folder: string }> {
    const { folder } = parseInput(backupSchema, body);
    if (!isAbsolute(folder)) throw new AppError('bad_request', { detail: 'folder: give an absolute path' });
    await this.parts.store.backup(folder);
    return { folder };
  }

  @Post('check')
  @HttpCode(200)
  async check(): Promise<{ ok: boolean; problems: readonly string[]; counts: object }> {
    const { problems, counts } = await this.parts.store.check();
    return { ok: problems.length === 0, problems, counts };
  }
}
