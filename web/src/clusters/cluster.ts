/** A same-event cluster 同一事件 as the pages know it (`src/domain/event_cluster`), and which command may be carried to all of it. */
import type { Schemas } from '../api/client';
import type { Role } from '../app/roles';

export type ClusterView = Schemas['ClusterView'];
export type Suggestion = Schemas['SuggestionView'];

export interface Cluster {
  opened_by: string;
  carried: { at: string; by: string; command: string; granted: number; refused: { ticket: string; code: string }[] }[];
  dissolved: { at: string; by: string; reason: string } | null;
}

export function inside(view: ClusterView): Cluster {
  return view.cluster as unknown as Cluster;
}

/** Ticket commands that one may carry to every member, by post: each member's own rules still say who may. */
const CARRIED: Partial<Record<Role, readonly string[]>> = {
  team_lead: ['dispatch'],
  supervisor: ['dispatch'],
  reviewer: ['review'],
  unit_handler: ['acknowledge', 'reply', 'rectify'],
  unit_head: ['acknowledge', 'reply', 'rectify'],
};

/** What may be carried to members that stand where these do: a button that every one of them would refuse is not shown. */
export function carriable(role: Role, stages: readonly string[]): string[] {
  const fits: Record<string, readonly string[]> = { dispatch: ['registered'], acknowledge: ['dispatched'], reply: ['handling'], review: ['replied'], rectify: ['closed'] };
  return (CARRIED[role] ?? []).filter((command) => stages.some((stage) => fits[command]?.includes(stage)));
}

/** Merging and choosing are the desk's; taking apart is a coordinator's. */
export function mayMerge(role: Role): boolean {
  return role === 'agent' || role === 'team_lead' || role === 'supervisor';
}

export function maySplit(role: Role): boolean {
  return role === 'team_lead' || role === 'supervisor';
}

/** What is suggested and not in the cluster yet, nor in another one. */
export function joinable(suggestions: readonly Suggestion[], members: readonly string[], cluster: string): Suggestion[] {
  return suggestions.filter((one) => !members.includes(one.ticket_id) && (one.cluster_id ?? cluster) === cluster);
}
