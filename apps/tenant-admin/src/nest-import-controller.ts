import { Body, Controller, HttpCode, Inject, Param, Post, UseGuards } from '@nestjs/common';
import {
  digestInstallations,
  type InstallationDigest,
  type InstallationStore,
  showApp,
  type TakenInstallation,
} from '@hongyan/apps';
import type { ConversationOutcome, ImportDigest, TakenMessages } from '@hongyan/conversations';
import { AppError, type AppId } from '@hongyan/protocol';
import { parseInput } from '@hongyan/rest';
import {
  importConversationsSchema,
  importDigestsSchema,
  importInstallationsSchema,
  importMessagesSchema,
  importSubscribersSchema,
  importUnreadSchema,
} from './import-schemas.js';
import { OperatorGuard } from './nest-operator-guard.js';
import { type ConversationImports, TENANT_ADMIN_PARTS, type TenantAdminParts } from './parts.js';
import { appId } from './schemas.js';

/** Takes conversations over from elsewhere, in small steps that may all be repeated: what `hongyan leancloud import` uses. */
@Controller('admin/v1/apps/:app/import')
@UseGuards(OperatorGuard)
export class ImportController {
  constructor(@Inject(TENANT_ADMIN_PARTS) private readonly parts: TenantAdminParts) {}

  @Post('conversations')
  @HttpCode(200)
  async conversations(
    @Param('app') id: string,
    @Body() body: unknown,
  ): Promise<{ results: ConversationOutcome[] }> {
    const { app, imports } = await this.into(id);
    return { results: await imports.conversations(app, parseInput(importConversationsSchema, body).items) };
  }

  @Post('messages')
  @HttpCode(200)
  async messages(@Param('app') id: string, @Body() body: unknown): Promise<{ results: TakenMessages[] }> {
    const { app, imports } = await this.into(id);
    return { results: await imports.messages(app, parseInput(importMessagesSchema, body).items) };
  }

  @Post('subscribers')
  @HttpCode(200)
  async subscribers(@Param('app') id: string, @Body() body: unknown): Promise<{ added: number }> {
    const { app, imports } = await this.into(id);
    const { conversation, subscribers } = parseInput(importSubscribersSchema, body);
    return imports.subscribers(app, conversation, subscribers);
  }

  @Post('unread')
  @HttpCode(200)
  async unread(@Param('app') id: string, @Body() body: unknown): Promise<{ set: number }> {
    const { app, imports } = await this.into(id);
    return imports.unread(app, parseInput(importUnreadSchema, body).items);
  }

  /** What is there of the import, to be compared with the source; null: no imported conversation. */
  @Post('digests')
  @HttpCode(200)
  async digests(
    @Param('app') id: string,
    @Body() body: unknown,
  ): Promise<{ results: (ImportDigest | null)[] }> {
    const { app, imports } = await this.into(id);
    const { conversations } = parseInput(importDigestsSchema, body);
    return { results: (await imports.digests(app, conversations)).map((digest) => digest ?? null) };
  }

  @Post('installations')
  @HttpCode(200)
  async installations(
    @Param('app') id: string,
    @Body() body: unknown,
  ): Promise<{ results: TakenInstallation[] }> {
    const { app, installations } = await this.devicesOf(id);
    return { results: await installations.take(app, parseInput(importInstallationsSchema, body).items) };
  }

  @Post('installations-digest')
  @HttpCode(200)
  async installationsDigest(@Param('app') id: string): Promise<InstallationDigest> {
    const { app, installations } = await this.devicesOf(id);
    return digestInstallations(installations, app);
  }

  private async devicesOf(id: string): Promise<{ app: AppId; installations: InstallationStore }> {
    const { app } = await this.into(id);
    const { installations } = this.parts;
    if (installations === undefined)
      throw new AppError('unknown_operation', { detail: 'this store keeps no installations' });
    return { app, installations };
  }

  private async into(id: string): Promise<{ app: AppId; imports: ConversationImports }> {
    const { imports, administration } = this.parts;
    if (imports === undefined)
      throw new AppError('unknown_operation', { detail: 'this store takes no history over from elsewhere' });
    const { id: app } = await showApp(administration, parseInput(appId, id));
    return { app, imports };
  }
}
