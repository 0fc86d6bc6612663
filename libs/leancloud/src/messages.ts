/**
 * The messages of the wire schema as plain objects: a field that was not sent is absent. 64-bit integers are numbers
 * (they are times in milliseconds). Kept beside schema.ts; a test holds the two together.
 */

export interface JsonObjectMessage {
  readonly data: string;
}

export interface SemanticVersion {
  readonly major?: number;
  readonly minor?: number;
  readonly patch?: number;
  readonly preRelease?: string;
  readonly build?: string;
}

export interface AndroidVersion {
  readonly codename?: string;
  readonly apiLevel?: string;
}

export interface SystemInfo {
  readonly deviceType?: number;
  readonly osVersion?: SemanticVersion;
  readonly androidVersion?: AndroidVersion;
  readonly isEmulator?: boolean;
}

export interface LoginCommand {
  readonly systemInfo?: SystemInfo;
}

export interface LoggedinCommand {
  readonly pushDisabled?: boolean;
}

export interface DataCommand {
  readonly ids?: readonly string[];
  readonly msg?: readonly JsonObjectMessage[];
  readonly offline?: boolean;
}

export interface SessionCommand {
  readonly t?: number;
  readonly n?: string;
  readonly s?: string;
  readonly ua?: string;
  readonly r?: boolean;
  readonly tag?: string;
  readonly deviceId?: string;
  readonly sessionPeerIds?: readonly string[];
  readonly onlineSessionPeerIds?: readonly string[];
  readonly st?: string;
  readonly stTtl?: number;
  readonly code?: number;
  readonly reason?: string;
  readonly deviceToken?: string;
  readonly sp?: boolean;
  readonly detail?: string;
  readonly lastUnreadNotifTime?: number;
  readonly lastPatchTime?: number;
  readonly configBitmap?: number;
  readonly systemInfo?: SystemInfo;
}

export interface ErrorCommand {
  readonly code: number;
  readonly reason: string;
  readonly appCode?: number;
  readonly detail?: string;
  readonly pids?: readonly string[];
  readonly appMsg?: string;
}

export interface DirectCommand {
  readonly msg?: string;
  readonly uid?: string;
  readonly fromPeerId?: string;
  readonly timestamp?: number;
  readonly offline?: boolean;
  readonly hasMore?: boolean;
  readonly toPeerIds?: readonly string[];
  readonly r?: boolean;
  readonly cid?: string;
  readonly id?: string;
  readonly transient?: boolean;
  readonly dt?: string;
  readonly roomId?: string;
  readonly pushData?: string;
  readonly will?: boolean;
  readonly patchTimestamp?: number;
  readonly binaryMsg?: Uint8Array;
  readonly mentionPids?: readonly string[];
  readonly mentionAll?: boolean;
  readonly convType?: number;
}

export interface AckCommand {
  readonly code?: number;
  readonly reason?: string;
  readonly mid?: string;
  readonly cid?: string;
  readonly t?: number;
  readonly uid?: string;
  readonly fromts?: number;
  readonly tots?: number;
  readonly type?: string;
  readonly ids?: readonly string[];
  readonly appCode?: number;
  readonly appMsg?: string;
}

export interface UnreadTuple {
  readonly cid: string;
  readonly unread: number;
  readonly mid?: string;
  readonly timestamp?: number;
  readonly from?: string;
  readonly data?: string;
  readonly patchTimestamp?: number;
  readonly mentioned?: boolean;
  readonly binaryMsg?: Uint8Array;
  readonly convType?: number;
}

export interface UnreadCommand {
  readonly convs?: readonly UnreadTuple[];
  readonly notifTime?: number;
}

export interface ReadTuple {
  readonly cid: string;
  readonly timestamp?: number;
  readonly mid?: string;
}

export interface ReadCommand {
  readonly cid?: string;
  readonly cids?: readonly string[];
  readonly convs?: readonly ReadTuple[];
}

export interface RcpCommand {
  readonly id?: string;
  readonly cid?: string;
  readonly t?: number;
  readonly read?: boolean;
  readonly from?: string;
}

export interface LogItem {
  readonly from?: string;
  readonly data?: string;
  readonly timestamp?: number;
  readonly msgId?: string;
  readonly ackAt?: number;
  readonly readAt?: number;
  readonly patchTimestamp?: number;
  readonly mentionAll?: boolean;
  readonly mentionPids?: readonly string[];
  readonly bin?: boolean;
  readonly convType?: number;
}

export interface LogsCommand {
  readonly cid?: string;
  readonly l?: number;
  readonly limit?: number;
  readonly t?: number;
  readonly tt?: number;
  readonly tmid?: string;
  readonly mid?: string;
  readonly checksum?: string;
  readonly stored?: boolean;
  readonly direction?: number;
  readonly tIncluded?: boolean;
  readonly ttIncluded?: boolean;
  readonly lctype?: number;
  readonly logs?: readonly LogItem[];
}

export interface MaxReadTuple {
  readonly pid?: string;
  readonly maxAckTimestamp?: number;
  readonly maxReadTimestamp?: number;
}

export interface ConvMemberInfo {
  readonly pid?: string;
  readonly role?: string;
  readonly infoId?: string;
}

export interface ConvCommand {
  readonly m?: readonly string[];
  readonly transient?: boolean;
  readonly unique?: boolean;
  readonly cid?: string;
  readonly cdate?: string;
  readonly initBy?: string;
  readonly sort?: string;
  readonly limit?: number;
  readonly skip?: number;
  readonly flag?: number;
  readonly count?: number;
  readonly udate?: string;
  readonly t?: number;
  readonly n?: string;
  readonly s?: string;
  readonly statusSub?: boolean;
  readonly statusPub?: boolean;
  readonly statusTTL?: number;
  readonly uniqueId?: string;
  readonly targetClientId?: string;
  readonly maxReadTimestamp?: number;
  readonly maxAckTimestamp?: number;
  readonly queryAllMembers?: boolean;
  readonly maxReadTuples?: readonly MaxReadTuple[];
  readonly cids?: readonly string[];
  readonly info?: ConvMemberInfo;
  readonly tempConv?: boolean;
  readonly tempConvTTL?: number;
  readonly tempConvIds?: readonly string[];
  readonly allowedPids?: readonly string[];
  readonly failedPids?: readonly ErrorCommand[];
  readonly existing?: boolean;
  readonly next?: string;
  readonly results?: JsonObjectMessage;
  readonly where?: JsonObjectMessage;
  readonly attr?: JsonObjectMessage;
  readonly attrModified?: JsonObjectMessage;
}

export interface RoomCommand {
  readonly roomId?: string;
  readonly s?: string;
  readonly t?: number;
  readonly n?: string;
  readonly transient?: boolean;
  readonly roomPeerIds?: readonly string[];
  readonly byPeerId?: string;
}

export interface PresenceCommand {
  readonly status?: number;
  readonly sessionPeerIds?: readonly string[];
  readonly cid?: string;
}

export interface ReportCommand {
  readonly initiative?: boolean;
  readonly type?: string;
  readonly data?: string;
}

export interface PatchItem {
  readonly cid?: string;
  readonly mid?: string;
  readonly timestamp?: number;
  readonly recall?: boolean;
  readonly data?: string;
  readonly patchTimestamp?: number;
  readonly from?: string;
  readonly binaryMsg?: Uint8Array;
  readonly mentionAll?: boolean;
  readonly mentionPids?: readonly string[];
  readonly patchCode?: number;
  readonly patchReason?: string;
}

export interface PatchCommand {
  readonly patches?: readonly PatchItem[];
  readonly lastPatchTime?: number;
}

export interface PubsubCommand {
  readonly cid?: string;
  readonly cids?: readonly string[];
  readonly topic?: string;
  readonly subtopic?: string;
  readonly topics?: readonly string[];
  readonly subtopics?: readonly string[];
  readonly results?: JsonObjectMessage;
}

export interface BlacklistCommand {
  readonly srcCid?: string;
  readonly toPids?: readonly string[];
  readonly srcPid?: string;
  readonly toCids?: readonly string[];
  readonly limit?: number;
  readonly next?: string;
  readonly blockedPids?: readonly string[];
  readonly blockedCids?: readonly string[];
  readonly allowedPids?: readonly string[];
  readonly failedPids?: readonly ErrorCommand[];
  readonly t?: number;
  readonly n?: string;
  readonly s?: string;
}

export interface GenericCommand {
  readonly cmd?: number;
  readonly op?: number;
  readonly appId?: string;
  readonly peerId?: string;
  readonly i?: number;
  readonly installationId?: string;
  readonly priority?: number;
  readonly service?: number;
  readonly serverTs?: number;
  readonly clientTs?: number;
  readonly notificationType?: number;
  readonly loginMessage?: LoginCommand;
  readonly dataMessage?: DataCommand;
  readonly sessionMessage?: SessionCommand;
  readonly errorMessage?: ErrorCommand;
  readonly directMessage?: DirectCommand;
  readonly ackMessage?: AckCommand;
  readonly unreadMessage?: UnreadCommand;
  readonly readMessage?: ReadCommand;
  readonly rcpMessage?: RcpCommand;
  readonly logsMessage?: LogsCommand;
  readonly convMessage?: ConvCommand;
  readonly roomMessage?: RoomCommand;
  readonly presenceMessage?: PresenceCommand;
  readonly reportMessage?: ReportCommand;
  readonly patchMessage?: PatchCommand;
  readonly pubsubMessage?: PubsubCommand;
  readonly blacklistMessage?: BlacklistCommand;
  readonly loggedinMessage?: LoggedinCommand;
}
