------------------------------ MODULE Messages ------------------------------
(***************************************************************************)
(* One link in one use: messages, replies, aborts, disposals, the end and  *)
(* the death of either side. ClientLink and ServiceLink store by store.    *)
(*                                                                         *)
(* Each store and each look that another store can race with is an action  *)
(* of its own, and a side may die between any two. What one side does      *)
(* under its gate is in order, one operation after the other; what it does *)
(* outside (filling a claim, reading a view) lasts from one action to      *)
(* another, and other operations go on meanwhile.                          *)
(*                                                                         *)
(* Sleeping and waking are in Wake.tla, connecting and recycling in        *)
(* Links.tla: together the states would be too many. What joins them: here *)
(* whoever can do something will; there it is shown that he is woken. Here *)
(* the link is one link; there it is shown that nobody else uses it.       *)
(*                                                                         *)
(* Everything that happens here happens once: there is no way back to a    *)
(* state. So what must happen in the end is checked as an invariant of the *)
(* states in which nothing is left to do (Settled), and for a smaller      *)
(* model as a temporal property (Answered), too.                           *)
(***************************************************************************)
EXTENDS Integers, Sequences, FiniteSets

CONSTANTS
    SlotCount,      \* slots of the link
    PutCount,       \* messages that the client puts at most
    Calls,          \* some of the messages are calls
    Aborts,         \* the client takes messages back, softly and hard
    ClientEnds,     \* ways for the client to end: subset of {"dies", "closes"}
    ServiceEnds,    \* the same for the service
    Fault           \* "none", or the step that is left out or done wrong

Slots == 0 .. SlotCount - 1
Numbers == 1 .. PutCount
Id(number, slot) == number * SlotCount + slot
NumberOf(id) == id \div SlotCount
SlotOf(id) == id % SlotCount
Abs(n) == IF n < 0 THEN -n ELSE n

VARIABLES
    \* The link's memory.
    requestId, disposed,                    \* request halves: ID and DISPOSED
    replyId, replySkipped, replyOrder,      \* reply halves: ID, FLAG_SKIPPED, ORDER
    requestRing, replyRing,                 \* records written
    received,                               \* RECEIVED
    clientClosed, serviceClosed,            \* flags of STATE
    \* Heap of the client: states, ids, marks, outcomes, the ready queue, passed records, nextSequence, goneKind.
    state, ids, marks, returned, ready, passed, next, gone,
    clientOp, clientEnded, clientAlive,
    \* Heap of the service: held, replied, isClaimed, passed records, expectedSequence, isClientDead, isDropped.
    held, replied, claimed, servicePassed, expected, clientDead, dropped,
    serviceOp, serviceEnded, serviceAlive,
    \* What an observer notes: outcomes given, messages handed out at the service, replies published, disposals
    \* delivered, and what went wrong.
    outcome, handed, answered, disposals, lastOrder, wrong

memory == <<requestId, disposed, replyId, replySkipped, replyOrder, requestRing, replyRing, received,
    clientClosed, serviceClosed>>
client == <<state, ids, marks, returned, ready, passed, next, gone, clientOp, clientEnded, clientAlive>>
service == <<held, replied, claimed, servicePassed, expected, clientDead, dropped, serviceOp, serviceEnded,
    serviceAlive>>
observer == <<outcome, handed, answered, disposals, lastOrder, wrong>>
vars == <<memory, client, service, observer>>

Idle == [op |-> "idle"]
NoOutcome == "none"

Init ==
    /\ requestId = [s \in Slots |-> 0]
    /\ disposed = [s \in Slots |-> 0]
    /\ replyId = [s \in Slots |-> 0]
    /\ replySkipped = [s \in Slots |-> FALSE]
    /\ replyOrder = [s \in Slots |-> 0]
    /\ requestRing = <<>>
    /\ replyRing = <<>>
    /\ received = 0
    /\ clientClosed = FALSE
    /\ serviceClosed = FALSE
    /\ state = [s \in Slots |-> "free"]
    /\ ids = [s \in Slots |-> 0]
    /\ marks = [s \in Slots |-> {}]
    /\ returned = [s \in Slots |-> NoOutcome]
    /\ ready = <<>>
    /\ passed = 0
    /\ next = 1
    /\ gone = "no"
    /\ clientOp = Idle
    /\ clientEnded = FALSE
    /\ clientAlive = TRUE
    /\ held = [s \in Slots |-> 0]
    /\ replied = [s \in Slots |-> 0]
    /\ claimed = [s \in Slots |-> FALSE]
    /\ servicePassed = 0
    /\ expected = 0
    /\ clientDead = FALSE
    /\ dropped = FALSE
    /\ serviceOp = Idle
    /\ serviceEnded = FALSE
    /\ serviceAlive = TRUE
    /\ outcome = [n \in Numbers |-> NoOutcome]
    /\ handed = {}
    /\ answered = {}
    /\ disposals = [n \in Numbers |-> 0]
    /\ lastOrder = -1
    /\ wrong = {}

ClientUp == clientAlive /\ ~clientEnded
ClientFree == ClientUp /\ clientOp = Idle
ServiceUp == serviceAlive /\ ~serviceEnded
ServiceFree == ServiceUp /\ serviceOp = Idle

(***************************************************************************)
(* The client                                                              *)
(***************************************************************************)

\* Slots.isReplied, isSkipped: [reply] acquire of the id, then the flags that were written before it.
IsReplied(s) == replyId[s] = ids[s] /\ ~replySkipped[s]
IsSkipped(s) == replyId[s] = ids[s] /\ replySkipped[s]
IsGone == gone # "no" \/ serviceClosed

\* Aborts.finish: marks as they are by then.
Finish(s, finalMarks) ==
    IF "lent" \in finalMarks
    THEN
        /\ state' = [state EXCEPT ![s] = "lingering"]
        /\ marks' = [marks EXCEPT ![s] = finalMarks]
        /\ UNCHANGED <<ids, disposed>>
    ELSE
        \* [disposal]
        /\ disposed' = IF "automatic" \in finalMarks /\ "late" \notin finalMarks
            THEN disposed ELSE [disposed EXCEPT ![s] = ids[s]]
        /\ state' = [state EXCEPT ![s] = "free"]
        /\ marks' = [marks EXCEPT ![s] = {}]
        /\ ids' = [ids EXCEPT ![s] = 0]

\* Aborts.endLoan, and takeLate with "late" added.
EndLoan(s, added) ==
    LET finalMarks == (marks[s] \cup added) \ {"lent", "atService"}
    IN IF state[s] = "lingering"
       THEN Finish(s, finalMarks)
       ELSE marks' = [marks EXCEPT ![s] = finalMarks] /\ UNCHANGED <<state, ids, disposed>>

\* ClientSlots.setViewed
Viewed(s) == IF "lent" \in marks[s] THEN marks[s] ELSE marks[s] \ {"atService"}

Note(s, kind, extra) ==
    LET number == NumberOf(ids[s])
    IN
        /\ outcome' = [outcome EXCEPT ![number] = kind]
        /\ wrong' = wrong \cup extra \cup (IF outcome[number] = NoOutcome THEN {} ELSE {"second outcome"})

\* IncomingReplies.take; a get() hands out in the order of the replies, a call its own.
Take(s) ==
    /\ state' = [state EXCEPT ![s] = "viewed"]
    /\ marks' = [marks EXCEPT ![s] = IF Fault = "early disposal" THEN Viewed(s) \cup {"automatic"} ELSE Viewed(s)]
    /\ IF "called" \in marks[s]
       THEN Note(s, "replied", {}) /\ UNCHANGED lastOrder
       ELSE
            /\ Note(s, "replied", IF replyOrder[s] > lastOrder THEN {} ELSE {"order of replies"})
            /\ lastOrder' = replyOrder[s]
    /\ disposed' = IF Fault = "early disposal" THEN [disposed EXCEPT ![s] = ids[s]] ELSE disposed
    /\ UNCHANGED <<ids, returned>>

\* IncomingReplies.takeAutomatic
TakeAutomatic(s, kind) ==
    /\ state' = [state EXCEPT ![s] = "viewed"]
    /\ marks' = [marks EXCEPT ![s] = Viewed(s) \cup {"automatic"}]
    /\ Note(s, kind, {})
    /\ UNCHANGED <<ids, returned, disposed, lastOrder>>

\* ClientLink.claim. The slot's payload is written from here to PutId. Any free slot: that the last one is taken
\* first is only a matter of speed.
Reserve(s) ==
    /\ ClientFree
    /\ state[s] = "free"
    /\ ~IsGone
    /\ next + Cardinality({t \in Slots : state[t] = "claimed"}) <= PutCount
    /\ state' = [state EXCEPT ![s] = "claimed"]
    /\ UNCHANGED <<memory, ids, marks, returned, ready, passed, next, gone, clientOp, clientEnded, clientAlive,
        service, observer>>

\* ClientLink.put: descriptor and ID [request].
PutId(s, isCall) ==
    /\ ClientFree
    /\ state[s] = "claimed"
    /\ isCall => Calls
    /\ IF IsGone
       THEN
            /\ state' = [state EXCEPT ![s] = "free"]
            /\ UNCHANGED <<requestId, requestRing, next, clientOp>>
       ELSE
            /\ state' = [state EXCEPT ![s] = "publishing"]
            /\ next' = next + 1
            /\ clientOp' = [op |-> "put", slot |-> s, id |-> Id(next, s), isCall |-> isCall]
            /\ IF Fault = "record before id"
               THEN requestRing' = Append(requestRing, Id(next, s)) /\ UNCHANGED requestId
               ELSE requestId' = [requestId EXCEPT ![s] = Id(next, s)] /\ UNCHANGED requestRing
    /\ UNCHANGED <<disposed, replyId, replySkipped, replyOrder, replyRing, received, clientClosed, serviceClosed,
        ids, marks, returned, ready, passed, gone, clientEnded, clientAlive, service, observer>>

\* ClientLink.put: the record [record]; from here on the put is accepted.
PutRecord ==
    /\ ClientUp
    /\ clientOp.op = "put"
    /\ LET s == clientOp.slot
       IN
            /\ IF Fault = "record before id"
               THEN requestId' = [requestId EXCEPT ![s] = clientOp.id] /\ UNCHANGED requestRing
               ELSE requestRing' = Append(requestRing, clientOp.id) /\ UNCHANGED requestId
            /\ ids' = [ids EXCEPT ![s] = clientOp.id]
            /\ marks' = [marks EXCEPT ![s] = IF clientOp.isCall THEN {"called"} ELSE {}]
            /\ state' = [state EXCEPT ![s] = IF clientOp.isCall THEN "calling" ELSE "sent"]
    /\ clientOp' = Idle
    /\ UNCHANGED <<disposed, replyId, replySkipped, replyOrder, replyRing, received, clientClosed, serviceClosed,
        returned, ready, passed, next, gone, clientEnded, clientAlive, service, observer>>

HasRecord == passed < Len(replyRing)
Record == replyRing[passed + 1]

\* IncomingReplies.poll: the guessed slot. Any slot may be guessed.
GetGuessed(s) ==
    /\ ClientFree
    /\ state[s] = "sent"
    /\ ready = <<>>
    /\ replyId[s] = ids[s]
    /\ replyOrder[s] = passed \/ Fault = "guess without order"
    /\ Take(s)
    /\ passed' = passed + 1
    /\ UNCHANGED <<requestId, replyId, replySkipped, replyOrder, requestRing, replyRing, received, clientClosed,
        serviceClosed, ready, next, gone, clientOp, clientEnded, clientAlive, service, handed, answered, disposals>>

\* IncomingReplies.nextReplySlot for one record: as get() goes on, or as passTaken() does.
GetRecord(isPassing) ==
    /\ ClientFree
    /\ HasRecord
    /\ isPassing => Calls \/ \A t \in Slots : state[t] # "free"
    /\ ~isPassing => ready = <<>>
    /\ LET s == SlotOf(Record)
       IN
            IF ids[s] = Record /\ state[s] = "sent"
            THEN IF isPassing
                 THEN
                    /\ IsReplied(s)
                    /\ state' = [state EXCEPT ![s] = "ready"]
                    /\ ready' = Append(ready, s)
                    /\ UNCHANGED <<ids, marks, returned, disposed, outcome, lastOrder, wrong>>
                 ELSE
                    /\ IsReplied(s)
                    /\ Take(s)
                    /\ UNCHANGED ready
            ELSE IF ids[s] = Record /\ "lent" \in marks[s]
            THEN EndLoan(s, {"late"}) /\ UNCHANGED <<returned, ready, outcome, lastOrder, wrong>>
            ELSE UNCHANGED <<state, ids, marks, returned, disposed, ready, outcome, lastOrder, wrong>>
    /\ passed' = passed + 1
    /\ UNCHANGED <<requestId, replyId, replySkipped, replyOrder, requestRing, replyRing, received, clientClosed,
        serviceClosed, next, gone, clientOp, clientEnded, clientAlive, service, handed, answered, disposals>>

rest == <<requestId, replyId, replySkipped, replyOrder, requestRing, replyRing, received, clientClosed,
    serviceClosed, next, gone, clientOp, clientEnded, clientAlive, service, handed, answered, disposals>>

\* IncomingReplies.pollRing: what calls have passed comes first.
GetReady ==
    /\ ClientFree
    /\ ready # <<>>
    /\ Take(Head(ready))
    /\ ready' = Tail(ready)
    /\ UNCHANGED <<rest, passed>>

\* IncomingReplies.takeReply: a call takes its reply by its slot.
CallReplied(s) ==
    /\ ClientFree
    /\ state[s] = "calling"
    /\ IsReplied(s)
    /\ Take(s)
    /\ passed' = IF replyOrder[s] = passed THEN passed + 1 ELSE passed
    /\ UNCHANGED <<rest, ready>>

\* What was aborted is handed out; IncomingReplies.pollRing and takeReply.
GetReturned(s) ==
    /\ ClientFree
    /\ state[s] = "returned"
    /\ TakeAutomatic(s, returned[s])
    /\ UNCHANGED <<rest, ready, passed>>

\* Aborts.findSkipped, and takeReply for a call.
GetSkipped(s) ==
    /\ ClientFree
    /\ "atService" \in marks[s]
    /\ IsSkipped(s)
    /\ IF state[s] \in {"sent", "calling"}
       THEN TakeAutomatic(s, "aborted")
       ELSE "lent" \in marks[s] /\ EndLoan(s, {}) /\ UNCHANGED <<returned, outcome, lastOrder, wrong>>
    /\ UNCHANGED <<rest, ready, passed>>

\* ClientLink.isServiceGone: [link] acquire.
SeeClosed ==
    /\ ClientUp
    /\ gone = "no"
    /\ serviceClosed
    /\ gone' = "closed"
    /\ UNCHANGED <<memory, state, ids, marks, returned, ready, passed, next, clientOp, clientEnded, clientAlive,
        service, observer>>

\* ClientLink.serviceDied: with proof of death, outside the gate.
SeeDead ==
    /\ ClientUp
    /\ gone = "no"
    /\ ~serviceAlive \/ Fault = "paused is dead"
    /\ gone' = IF serviceClosed THEN "closed" ELSE "died"
    /\ UNCHANGED <<memory, state, ids, marks, returned, ready, passed, next, clientOp, clientEnded, clientAlive,
        service, observer>>

\* Aborts.goneOutcome
GoneOutcome(s) ==
    IF "atService" \in marks[s] /\ IsSkipped(s) THEN "aborted"
    ELSE IF ids[s] <= received THEN (IF gone = "closed" THEN "closed, received" ELSE "died, received")
    ELSE gone

\* IncomingReplies.pollGone: replied, and the record was not written.
GoneReplied(s) ==
    /\ ClientFree
    /\ gone # "no"
    /\ ready = <<>> /\ ~HasRecord
    /\ state[s] = "sent" /\ IsReplied(s)
    /\ \A t \in Slots : state[t] = "sent" /\ IsReplied(t) => replyOrder[s] <= replyOrder[t]
    /\ Fault # "slots not looked at"
    /\ Take(s)
    /\ UNCHANGED <<rest, ready, passed>>

\* Aborts.endLoans
GoneLoan(s) ==
    /\ ClientFree
    /\ gone # "no"
    /\ ready = <<>> /\ ~HasRecord
    /\ "lent" \in marks[s]
    /\ EndLoan(s, {})
    /\ UNCHANGED <<rest, returned, outcome, lastOrder, wrong, ready, passed>>

\* IncomingReplies.pollGone and takeReply: the automatic reply.
GoneAutomatic(s) ==
    /\ ClientFree
    /\ gone # "no"
    /\ \/ /\ state[s] = "sent"
          /\ ready = <<>> /\ ~HasRecord
          /\ Fault = "slots not looked at" \/ \A t \in Slots : state[t] = "sent" => ~IsReplied(t)
       \/ state[s] = "calling" /\ (IsReplied(s) => Fault = "slots not looked at")
    /\ TakeAutomatic(s, GoneOutcome(s))
    /\ UNCHANGED <<rest, ready, passed>>

\* Aborts.release: the view of the reply lasts from Take to here.
Release(s) ==
    /\ ClientFree
    /\ state[s] = "viewed"
    /\ Finish(s, marks[s])
    /\ UNCHANGED <<rest, returned, outcome, lastOrder, wrong, ready, passed>>

\* Aborts.abort: the negative id [abort]. "abort without fence": the look at RECEIVED is made before.
AbortId(s, isHard) ==
    /\ Aborts
    /\ ClientFree
    /\ state[s] \in {"sent", "calling"}
    /\ ~IsReplied(s) /\ ~IsGone
    /\ isHard \/ "atService" \notin marks[s]
    /\ requestId' = IF Fault = "abort without fence" THEN requestId ELSE [requestId EXCEPT ![s] = -ids[s]]
    /\ clientOp' = [op |-> "abort", slot |-> s, isHard |-> isHard, early |-> received]
    /\ UNCHANGED <<disposed, replyId, replySkipped, replyOrder, requestRing, replyRing, received, clientClosed,
        serviceClosed, state, ids, marks, returned, ready, passed, next, gone, clientEnded, clientAlive, service,
        observer>>

\* Aborts.abort: the look at RECEIVED, and what follows. What it sees of the reply half does not change any more
\* once it is seen, so one action is enough.
AbortLook ==
    /\ ClientUp
    /\ clientOp.op = "abort"
    /\ LET s == clientOp.slot
           seen == IF Fault = "abort without fence" THEN clientOp.early ELSE received
       IN
            /\ requestId' = [requestId EXCEPT ![s] = -ids[s]]
            /\ IF seen < ids[s] \/ IsSkipped(s)
               THEN
                    /\ state' = [state EXCEPT ![s] = "returned"]
                    /\ returned' = [returned EXCEPT ![s] = "aborted"]
                    /\ UNCHANGED marks
               ELSE IF IsReplied(s)
               THEN UNCHANGED <<state, returned, marks>>
               ELSE
                    /\ marks' = [marks EXCEPT ![s] = @ \cup {"atService"} \cup
                        (IF clientOp.isHard /\ Fault # "hard abort frees" THEN {"lent"} ELSE {})]
                    /\ IF clientOp.isHard
                       THEN
                            /\ state' = [state EXCEPT ![s] = "returned"]
                            /\ returned' = [returned EXCEPT ![s] = "aborted, received"]
                       ELSE UNCHANGED <<state, returned>>
    /\ clientOp' = Idle
    /\ UNCHANGED <<disposed, replyId, replySkipped, replyOrder, requestRing, replyRing, received, clientClosed,
        serviceClosed, ids, ready, passed, next, gone, clientEnded, clientAlive, service, observer>>

\* Nobody looks at the heap of a side that has ended: it is wiped, so that states that differ in it alone are one.
WipeClient ==
    /\ state' = [s \in Slots |-> "free"]
    /\ ids' = [s \in Slots |-> 0]
    /\ marks' = [s \in Slots |-> {}]
    /\ returned' = [s \in Slots |-> NoOutcome]
    /\ ready' = <<>>
    /\ passed' = 0
    /\ next' = 1
    /\ gone' = "no"
    /\ clientOp' = Idle
    /\ lastOrder' = -1

WipeService ==
    /\ held' = [s \in Slots |-> 0]
    /\ replied' = [s \in Slots |-> 0]
    /\ claimed' = [s \in Slots |-> FALSE]
    /\ servicePassed' = 0
    /\ expected' = 0
    /\ clientDead' = FALSE
    /\ dropped' = FALSE
    /\ serviceOp' = Idle

\* Port.close and ClientPort.end. The port's views and claims are void from the first step on.
ClientEnds1 ==
    /\ "closes" \in ClientEnds
    /\ ClientFree
    /\ clientEnded' = TRUE
    /\ WipeClient
    /\ UNCHANGED <<memory, clientAlive, service, outcome, handed, answered, disposals, wrong>>

ClientEnds2 ==
    /\ clientAlive /\ clientEnded /\ ~clientClosed
    /\ clientClosed' = TRUE
    /\ UNCHANGED <<requestId, disposed, replyId, replySkipped, replyOrder, requestRing, replyRing, received,
        serviceClosed, client, service, observer>>

ClientDies ==
    /\ "dies" \in ClientEnds
    /\ clientAlive
    /\ clientAlive' = FALSE
    /\ WipeClient
    /\ UNCHANGED <<memory, clientEnded, service, outcome, handed, answered, disposals, wrong>>

(***************************************************************************)
(* The service                                                             *)
(***************************************************************************)

\* Disposals as they come to the service; early if its client still has the reply in view.
Dispose(messages) ==
    /\ disposals' = [n \in Numbers |->
        disposals[n] + (IF \E id \in messages : NumberOf(id) = n THEN 1 ELSE 0)]
    /\ wrong' = wrong \cup
        (IF \E id \in messages : ClientUp /\ \E s \in Slots : state[s] = "viewed" /\ ids[s] = id
         THEN {"early disposal"} ELSE {})

\* IncomingRequests.expectedId: the guessed slot. Any slot may be guessed.
PollGuessed(s) ==
    /\ ServiceFree /\ ~dropped
    /\ requestId[s] > 0 /\ NumberOf(requestId[s]) = expected
    /\ serviceOp' = [op |-> "take", slot |-> s, id |-> requestId[s]]
    /\ UNCHANGED <<memory, client, held, replied, claimed, servicePassed, expected, clientDead, dropped,
        serviceEnded, serviceAlive, observer>>

\* IncomingRequests.pollRing for one record.
PollRecord ==
    /\ ServiceFree /\ ~dropped
    /\ servicePassed < Len(requestRing)
    /\ LET id == requestRing[servicePassed + 1]
           s == SlotOf(id)
       IN
            IF requestId[s] = id
            THEN
                /\ serviceOp' = [op |-> "take", slot |-> s, id |-> id]
                /\ UNCHANGED <<servicePassed, expected>>
            ELSE IF requestId[s] = -id
            THEN
                /\ serviceOp' = [op |-> "skip", slot |-> s, id |-> id]
                /\ UNCHANGED <<servicePassed, expected>>
            ELSE
                /\ servicePassed' = servicePassed + 1
                /\ expected' = NumberOf(id) + 1
                /\ UNCHANGED serviceOp
    /\ UNCHANGED <<memory, client, held, replied, claimed, clientDead, dropped, serviceEnded, serviceAlive,
        observer>>

\* IncomingRequests.receive: RECEIVED [received]. "received without fence": the second look is made before.
TakeReceived ==
    /\ ServiceUp
    /\ serviceOp.op = "take"
    /\ received' = IF Fault \in {"watermark late", "received without fence"} THEN received ELSE serviceOp.id
    /\ serviceOp' = [op |-> "look", slot |-> serviceOp.slot, id |-> serviceOp.id,
        early |-> requestId[serviceOp.slot] = serviceOp.id]
    /\ UNCHANGED <<requestId, disposed, replyId, replySkipped, replyOrder, requestRing, replyRing, clientClosed,
        serviceClosed, client, held, replied, claimed, servicePassed, expected, clientDead, dropped, serviceEnded,
        serviceAlive, observer>>

\* IncomingRequests.hold: the second look at the id. The request is in view from here until it is replied to.
TakeLook ==
    /\ ServiceUp
    /\ serviceOp.op = "look"
    /\ LET s == serviceOp.slot
           id == serviceOp.id
           isTaken == CASE Fault = "one look" -> TRUE
                        [] Fault = "received without fence" -> serviceOp.early
                        [] OTHER -> requestId[s] = id
       IN
            /\ received' = IF Fault = "received without fence" THEN id ELSE received
            /\ IF isTaken
               THEN
                    /\ held' = [held EXCEPT ![s] = id]
                    /\ handed' = handed \cup {NumberOf(id)}
                    \* ServiceSlots.hold
                    /\ replied' = [replied EXCEPT ![s] = 0]
                    /\ disposals' = [n \in Numbers |->
                        disposals[n] + (IF replied[s] # 0 /\ NumberOf(replied[s]) = n THEN 1 ELSE 0)]
                    /\ wrong' = IF \A n \in handed : n < NumberOf(id) THEN wrong ELSE wrong \cup {"order of requests"}
                    /\ servicePassed' = servicePassed + 1
                    /\ expected' = NumberOf(id) + 1
                    /\ serviceOp' = IF Fault = "watermark late" THEN [op |-> "mark", id |-> id] ELSE Idle
               ELSE
                    /\ serviceOp' = [op |-> "skip", slot |-> s, id |-> id]
                    /\ UNCHANGED <<held, handed, replied, disposals, wrong, servicePassed, expected>>
    /\ UNCHANGED <<requestId, disposed, replyId, replySkipped, replyOrder, requestRing, replyRing, clientClosed,
        serviceClosed, client, claimed, clientDead, dropped, serviceEnded, serviceAlive, outcome, answered,
        lastOrder>>

\* The fault only: RECEIVED is stored when the message was handed out.
LateMark ==
    /\ ServiceUp
    /\ serviceOp.op = "mark"
    /\ received' = serviceOp.id
    /\ serviceOp' = Idle
    /\ UNCHANGED <<requestId, disposed, replyId, replySkipped, replyOrder, requestRing, replyRing, clientClosed,
        serviceClosed, client, held, replied, claimed, servicePassed, expected, clientDead, dropped, serviceEnded,
        serviceAlive, observer>>

\* IncomingRequests.skip: first the descriptor, then the id [reply], then the record is passed.
SkipDescriptor ==
    /\ ServiceUp
    /\ serviceOp.op = "skip"
    /\ replySkipped' = [replySkipped EXCEPT ![serviceOp.slot] = TRUE]
    /\ replyOrder' = [replyOrder EXCEPT ![serviceOp.slot] = -1]
    /\ serviceOp' = [serviceOp EXCEPT !.op = "skipping"]
    /\ UNCHANGED <<requestId, disposed, replyId, requestRing, replyRing, received, clientClosed, serviceClosed,
        client, held, replied, claimed, servicePassed, expected, clientDead, dropped, serviceEnded, serviceAlive,
        observer>>

SkipId ==
    /\ ServiceUp
    /\ serviceOp.op = "skipping"
    /\ replyId' = [replyId EXCEPT ![serviceOp.slot] = serviceOp.id]
    /\ servicePassed' = servicePassed + 1
    /\ expected' = NumberOf(serviceOp.id) + 1
    /\ serviceOp' = Idle
    /\ UNCHANGED <<requestId, disposed, replySkipped, replyOrder, requestRing, replyRing, received, clientClosed,
        serviceClosed, client, held, replied, claimed, clientDead, dropped, serviceEnded, serviceAlive, observer>>

\* ServiceLink.claim: the reply's payload is written from here to ReplyId, outside the gate.
ReplyClaim(s) ==
    /\ ServiceFree
    /\ held[s] # 0 /\ ~claimed[s]
    /\ claimed' = [claimed EXCEPT ![s] = TRUE]
    /\ UNCHANGED <<memory, client, held, replied, servicePassed, expected, clientDead, dropped, serviceOp,
        serviceEnded, serviceAlive, observer>>

\* ServiceLink.publish: descriptor, ORDER and ID [reply]; or the message is not held any more: INVALID.
ReplyId(s) ==
    /\ ServiceFree
    /\ claimed[s]
    /\ claimed' = [claimed EXCEPT ![s] = FALSE]
    /\ IF held[s] = 0
       THEN UNCHANGED <<replyId, replySkipped, replyOrder, serviceOp, answered>>
       ELSE
            /\ replyId' = [replyId EXCEPT ![s] = held[s]]
            /\ replySkipped' = [replySkipped EXCEPT ![s] = FALSE]
            /\ replyOrder' = [replyOrder EXCEPT ![s] = Len(replyRing)]
            /\ serviceOp' = [op |-> "reply", slot |-> s]
            /\ answered' = answered \cup {NumberOf(held[s])}
    /\ UNCHANGED <<requestId, disposed, requestRing, replyRing, received, clientClosed, serviceClosed, client, held,
        replied, servicePassed, expected, clientDead, dropped, serviceEnded, serviceAlive, outcome, handed,
        disposals, lastOrder, wrong>>

\* ServiceLink.publish: the record [record].
ReplyRecord ==
    /\ ServiceUp
    /\ serviceOp.op = "reply"
    /\ LET s == serviceOp.slot
       IN
            /\ replyRing' = Append(replyRing, held[s])
            /\ replied' = [replied EXCEPT ![s] = held[s]]
            /\ held' = [held EXCEPT ![s] = 0]
    /\ serviceOp' = Idle
    /\ UNCHANGED <<requestId, disposed, replyId, replySkipped, replyOrder, requestRing, received, clientClosed,
        serviceClosed, client, claimed, servicePassed, expected, clientDead, dropped, serviceEnded, serviceAlive,
        observer>>

\* ServiceLink.findDisposed, isDisposed [disposal].
FindDisposed(s) ==
    /\ ServiceFree
    /\ replied[s] # 0
    /\ disposed[s] = replied[s] \/ Abs(requestId[s]) > replied[s]
    /\ Dispose({replied[s]})
    /\ replied' = IF Fault = "disposal not cleared" THEN replied ELSE [replied EXCEPT ![s] = 0]
    /\ UNCHANGED <<memory, client, held, claimed, servicePassed, expected, clientDead, dropped, serviceOp,
        serviceEnded, serviceAlive, outcome, handed, answered, lastOrder>>

\* ServiceLink.watch
SeeClientDead ==
    /\ ServiceUp
    /\ ~clientDead /\ ~clientAlive
    /\ clientDead' = TRUE
    /\ UNCHANGED <<memory, client, held, replied, claimed, servicePassed, expected, dropped, serviceOp, serviceEnded,
        serviceAlive, observer>>

\* Acceptor.dropGone, ServiceLink.drop (R24).
Drop ==
    /\ ServiceFree
    /\ ~dropped
    /\ clientDead \/ clientClosed
    /\ dropped' = TRUE
    /\ Dispose({held[s] : s \in Slots} \cup {replied[s] : s \in Slots})
    /\ held' = [s \in Slots |-> 0]
    /\ replied' = [s \in Slots |-> 0]
    /\ UNCHANGED <<memory, client, claimed, servicePassed, expected, clientDead, serviceOp, serviceEnded,
        serviceAlive, outcome, handed, answered, lastOrder>>

\* Port.close and ServicePort.end.
ServiceEnds1 ==
    /\ "closes" \in ServiceEnds
    /\ ServiceFree
    /\ serviceEnded' = TRUE
    /\ WipeService
    /\ UNCHANGED <<memory, client, serviceAlive, observer>>

ServiceEnds2 ==
    /\ serviceAlive /\ serviceEnded /\ ~serviceClosed
    /\ serviceClosed' = TRUE
    /\ UNCHANGED <<requestId, disposed, replyId, replySkipped, replyOrder, requestRing, replyRing, received,
        clientClosed, client, service, observer>>

ServiceDies ==
    /\ "dies" \in ServiceEnds
    /\ serviceAlive
    /\ serviceAlive' = FALSE
    /\ WipeService
    /\ UNCHANGED <<memory, client, serviceEnded, observer>>

(***************************************************************************)
(* All of it                                                               *)
(***************************************************************************)

\* What a side that lives does sooner or later.
Must ==
    \/ \E s \in Slots :
        \/ PutId(s, FALSE) \/ GetGuessed(s) \/ CallReplied(s) \/ GetReturned(s) \/ GetSkipped(s) \/ GoneReplied(s)
        \/ GoneLoan(s) \/ GoneAutomatic(s) \/ Release(s)
        \/ PollGuessed(s) \/ ReplyClaim(s) \/ ReplyId(s) \/ FindDisposed(s)
    \/ PutRecord \/ GetRecord(FALSE) \/ GetReady \/ SeeClosed \/ SeeDead \/ AbortLook \/ ClientEnds2
    \/ PollRecord \/ TakeReceived \/ TakeLook \/ LateMark \/ SkipDescriptor \/ SkipId \/ ReplyRecord
    \/ SeeClientDead \/ Drop \/ ServiceEnds2

\* What it may do or leave, and what may befall it.
May ==
    \/ \E s \in Slots : Reserve(s) \/ PutId(s, TRUE) \/ AbortId(s, FALSE) \/ AbortId(s, TRUE)
    \/ GetRecord(TRUE) \/ ClientEnds1 \/ ClientDies \/ ServiceEnds1 \/ ServiceDies

Next == Must \/ May
Spec == Init /\ [][Next]_vars /\ WF_vars(Must)

(***************************************************************************)
(* What must hold                                                          *)
(***************************************************************************)

\* Nobody writes a half that the other reads. A request is read while it is held, until its reply is published.
ExclusiveRequest == \A s \in Slots :
    ~(ClientUp /\ state[s] = "claimed" /\ ServiceUp /\ held[s] # 0 /\ serviceOp.op # "reply")
ExclusiveReply == \A s \in Slots :
    ~(ClientUp /\ state[s] = "viewed" /\ "automatic" \notin marks[s] /\ ServiceUp /\
        (claimed[s] \/ (serviceOp.op = "skipping" /\ serviceOp.slot = s)))

\* B1: one outcome, and a true one.
OneOutcome == "second outcome" \notin wrong
NotReceived == \A n \in Numbers : outcome[n] \in {"closed", "died", "aborted"} => n \notin handed
NotReplied == \A n \in Numbers :
    outcome[n] \in {"closed", "died", "closed, received", "died, received"} => n \notin answered
Replied == \A n \in Numbers : outcome[n] = "replied" => n \in answered
\* B2: only the dead are taken for dead.
Proved == gone = "died" => ~serviceAlive

\* R19
InOrder == wrong \cap {"order of requests", "order of replies"} = {}

\* R21, R24
OneDispose == \A n \in Numbers : disposals[n] <= (IF n \in handed THEN 1 ELSE 0)
NoEarlyDispose == "early disposal" \notin wrong

\* What holds when nothing is left to do: each put of a living client has its outcome, no slot is lost, and a living
\* service had one disposal for each message that it received.
Settled == ~ENABLED Must =>
    /\ ClientUp => \A s \in Slots : state[s] = "free"
    /\ ClientUp => \A n \in Numbers : n < next => outcome[n] # NoOutcome
    /\ ServiceUp => \A n \in handed : disposals[n] = 1

\* The same in time, for each put of a client that stays.
Answered == \A n \in Numbers : (n < next) ~> (outcome[n] # NoOutcome \/ ~ClientUp)

=============================================================================
