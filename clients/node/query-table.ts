import {
  answerSchemas,
  describeIssues,
  type HostFrame,
  MAX_UNANSWERED_QUERIES,
  ProtocolFault,
  type Query,
  type Reply,
  type SidecarFrame,
} from '../../protocol/index.js';
import { onAbort } from './abort.js';
import { EqualDeadlines, type Waiter } from './equal-deadlines.js';
import { AnswerTimeoutError, QueryFailedError, type SidecarError } from './errors.js';
import type { Ids } from './ids.js';

/** What a question is about. */
export type Topic = keyof typeof answerSchemas;

/** The answer to a question, by its topic. */
export type Answer<What extends Topic> = ReturnType<(typeof answerSchemas)[What]['parse']>;

type AnswerFrame = Extract<SidecarFrame, { type: 'reply' | 'pong' }>;

export interface QueryTableOptions {
  readonly ids: Ids;
  /** How long a question may wait for its answer, in ms. */
  readonly answerTimeoutMs: number;
  /** Why no more questions are taken; undefined while they are. */
  readonly refusal: () => SidecarError | undefined;
  /** Keeps the host alive until the returned function is called. */
  readonly hold: () => () => void;
}

interface Question extends Waiter {
  readonly frame: { readonly type: 'query'; readonly body: Query } | { readonly type: 'ping'; readonly body: object };
  readonly resolve: (answer: Record<string, unknown>) => void;
  readonly reject: (error: unknown) => void;
  /** Its signal is no longer listened to. */
  unwatch: () => void;
}

/**
 * The questions that have no answer yet. Beyond the 64 that the protocol allows they wait here, and while there is no
 * sidecar to ask.
 */
export class QueryTable {
  readonly #options: QueryTableOptions;
  readonly #waiting = new Set<Question>();
  readonly #sent = new Map<number, Question>();
  /** Those whose promise is not settled. One that was given up may still be among those sent. */
  readonly #unsettled: EqualDeadlines;
  #release = () => {};
  #send: ((frame: HostFrame) => void) | undefined;

  constructor(options: QueryTableOptions) {
    this.#options = options;
    this.#unsettled = new EqualDeadlines(options.answerTimeoutMs);
  }

  /** Asks this sidecar from now on, first what waits. */
  attach(send: (frame: HostFrame) => void): void {
    this.#send = send;
    this.#advance();
  }

  /** Asks nothing until another sidecar is attached. */
  suspend(): void {
    this.#send = undefined;
  }

  has(id: number): boolean {
    return this.#sent.has(id);
  }

  /** Asks a question. @throws QueryFailedError where the sidecar says that it cannot answer */
  async ask<What extends Topic>(query: Query & { what: What }, signal?: AbortSignal): Promise<Answer<What>> {
    const reply: Reply = await this.#exchange({ type: 'query', body: query }, signal);
    const parsed = answerSchemas[query.what].safeParse(reply);
    if (parsed.success) return parsed.data as Answer<What>;
    throw new QueryFailedError(query.what, reply.error!);
  }

  /** Asks for a sign of life. */
  ping(signal?: AbortSignal): Promise<unknown> {
    return this.#exchange(PING, signal);
  }

  /** @throws ProtocolFault where nobody has asked, or the answer is not one to the question */
  receive({ type, id, body }: AnswerFrame): void {
    const question = this.#sent.get(id);
    if (!question || (type === 'pong') !== (question.frame.type === 'ping')) {
      throw new ProtocolFault('unexpected_frame', `${type} came for id ${id}, which has not asked for it`);
    }
    if (question.frame.type === 'query') assertAnswers(question.frame.body.what, body);
    this.#sent.delete(id);
    if (this.#settle(question)) question.resolve(body);
    this.#advance();
  }

  /** The sidecar is gone, and with it the answers to what it was asked. */
  lose(toError: () => SidecarError): void {
    const questions = [...this.#sent.values()];
    this.#sent.clear();
    for (const question of questions) if (this.#settle(question)) question.reject(toError());
  }

  /** No answer will come any more. */
  fail(toError: () => SidecarError): void {
    this.lose(toError);
    const questions = [...this.#waiting];
    this.#waiting.clear();
    for (const question of questions) if (this.#settle(question)) question.reject(toError());
  }

  #exchange(frame: Question['frame'], signal?: AbortSignal): Promise<Record<string, unknown>> {
    const refusal = this.#options.refusal();
    if (signal?.aborted) return Promise.reject(signal.reason);
    if (refusal) return Promise.reject(refusal);
    return new Promise((resolve, reject) => {
      const giveUp = (error: unknown) => {
        this.#waiting.delete(question);
        this.#settle(question);
        reject(error);
      };
      const onPassed = () => giveUp(this.#tooLate(frame));
      const question: Question = { frame, resolve, reject, onPassed, unwatch: NOTHING };
      if (signal) question.unwatch = onAbort(signal, () => giveUp(signal.reason));
      if (this.#unsettled.size === 0) this.#release = this.#options.hold();
      this.#unsettled.start(question);
      this.#waiting.add(question);
      this.#advance();
    });
  }

  /** False where the question was settled before. The host is kept alive as long as there is one that is not. */
  #settle(question: Question): boolean {
    const isFirst = this.#unsettled.clear(question);
    question.unwatch();
    if (this.#unsettled.size === 0) this.#release();
    return isFirst;
  }

  #tooLate(frame: Question['frame']): AnswerTimeoutError {
    const what = frame.type === 'query' ? frame.body.what : frame.type;
    return new AnswerTimeoutError(what, this.#options.answerTimeoutMs);
  }

  #advance(): void {
    for (const question of this.#waiting) {
      if (!this.#send || this.#sent.size >= MAX_UNANSWERED_QUERIES) return;
      this.#waiting.delete(question);
      const id = this.#options.ids.next();
      this.#sent.set(id, question);
      const { type, body } = question.frame;
      this.#send({ type, id, body } as HostFrame);
    }
  }
}

const PING = { type: 'ping', body: {} } as const;
const NOTHING = () => {};

function assertAnswers(what: Topic, reply: Reply): void {
  const parsed = answerSchemas[what].safeParse(reply);
  if (parsed.success || reply.error) return;
  throw new ProtocolFault('invalid_body', describeIssues(parsed.error, `reply to '${what}'`));
}
