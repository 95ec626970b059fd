------------------------------- MODULE Bridge -------------------------------
(***************************************************************************)
(* One session of two bridges: a client and the importer at host A, the    *)
(* exporter and the service at host B. Each step that another process, the *)
(* network or a crash can come before is an action of its own.             *)
(*                                                                         *)
(* A stream keeps its order and loses nothing until it is cut (Aeron), but *)
(* a frame may come a second time, later, after others. Either direction   *)
(* can be cut at any time, either bridge can crash at any time, and frames *)
(* can take any time to arrive.                                            *)
(*                                                                         *)
(* Time is one clock: that the clocks of A and B differ in rate is what    *)
(* the distance between Lease and Lost is for. A bridge that is stopped    *)
(* is left out: it cannot keep the lease, which is why RECEIVED is set for *)
(* each message that was offered.                                          *)
(***************************************************************************)
EXTENDS Integers, Sequences, FiniteSets

CONSTANTS
    Slots,
    PutCount,       \* messages of the client
    Dups,           \* frames that come a second time
    MaxTime,
    Crashes,        \* bridges that may crash
    Cuts,           \* directions that may be cut
    Fault           \* "none", or the step that is left out or done wrong

Lease == 2          \* 0.8 L
Lost == 3           \* L

VARIABLES
    now,
    putCount, client, clientMsg, disposed,      \* the client, and its slots
    portA, atA, msgA, unsent, publishing, due,  \* the stand-in: requests put and not received, slots, send queue
    sessionA, lastEcho, echoDue,
    toB, toA, cut, dups,                        \* the streams
    atB, msgB, lastId, portB,                   \* the exporter: slots, and requests put and not received
    sessionB, tick, lastBeat,
    handed, order, out, outCount, replied,      \* what the service and the client have seen
    isLate, noSlot

clientVars == <<putCount, client, clientMsg, disposed>>
standIn == <<portA, atA, msgA, unsent, publishing, due>>
importer == <<sessionA, lastEcho, echoDue>>
wires == <<toB, toA, cut, dups>>
slotsB == <<atB, msgB, lastId, portB>>
exporter == <<sessionB, tick, lastBeat>>
seen == <<handed, order, replied, isLate>>
told == <<out, outCount>>
vars == <<now, clientVars, standIn, importer, wires, slotsB, exporter, seen, told, noSlot>>

Messages == 1..PutCount

Init ==
    /\ now = 0
    /\ putCount = 0
    /\ client = [s \in Slots |-> "free"]
    /\ clientMsg = [s \in Slots |-> 0]
    /\ disposed = [s \in Slots |-> 0]
    /\ portA = <<>>
    /\ atA = [s \in Slots |-> "free"]
    /\ msgA = [s \in Slots |-> 0]
    /\ unsent = <<>>
    /\ publishing = 0
    /\ due = [s \in Slots |-> 0]
    /\ sessionA = "up"
    /\ lastEcho = 0
    /\ echoDue = -1
    /\ toB = <<>>
    /\ toA = <<>>
    /\ cut = {}
    /\ dups = 0
    /\ atB = [s \in Slots |-> "free"]
    /\ msgB = [s \in Slots |-> 0]
    /\ lastId = 0
    /\ portB = <<>>
    /\ sessionB = "up"
    /\ tick = 0
    /\ lastBeat = -1
    /\ handed = [m \in Messages |-> 0]
    /\ order = <<>>
    /\ out = [m \in Messages |-> "none"]
    /\ outCount = [m \in Messages |-> 0]
    /\ replied = {}
    /\ isLate = FALSE
    /\ noSlot = FALSE

Frame(type, slot, id) == [type |-> type, slot |-> slot, id |-> id]
SentToB(frame) == IF "toB" \in cut \/ sessionB = "crashed" THEN toB ELSE Append(toB, frame)
SentToA(frame) == IF "toA" \in cut \/ sessionA = "crashed" THEN toA ELSE Append(toA, frame)
Range(queue) == {queue[i] : i \in DOMAIN queue}

(***************************************************************************)
(* The client                                                              *)
(***************************************************************************)

Put(s) ==
    /\ sessionA = "up" /\ client[s] = "free" /\ putCount < PutCount
    /\ putCount' = putCount + 1
    /\ client' = [client EXCEPT ![s] = "waits"]
    /\ clientMsg' = [clientMsg EXCEPT ![s] = putCount + 1]
    /\ portA' = Append(portA, s)
    /\ UNCHANGED <<now, disposed, atA, msgA, unsent, publishing, due, importer, wires, slotsB, exporter, seen, told,
        noSlot>>

\* The client is done with its reply, or its outcome: the slot is free at once.
Release(s) ==
    /\ client[s] = "has"
    /\ client' = [client EXCEPT ![s] = "free"]
    /\ disposed' = [disposed EXCEPT ![s] = clientMsg[s]]
    /\ UNCHANGED <<now, putCount, clientMsg, standIn, importer, wires, slotsB, exporter, seen, told, noSlot>>

\* Ends the messages of some slots, each with its own kind.
End(kinds) ==
    /\ out' = [m \in Messages |-> IF \E s \in DOMAIN kinds : clientMsg[s] = m
        THEN kinds[CHOOSE s \in DOMAIN kinds : clientMsg[s] = m] ELSE out[m]]
    /\ outCount' = [m \in Messages |-> outCount[m] + Cardinality({s \in DOMAIN kinds : clientMsg[s] = m})]
    /\ client' = [s \in Slots |-> IF s \in DOMAIN kinds THEN "has" ELSE client[s]]

(***************************************************************************)
(* The importer: StandIn, ImportLink, ImportSession                        *)
(***************************************************************************)

\* StandIn.onRequest. A request is received before the disposal that its slot implies.
Take ==
    /\ sessionA = "up" /\ portA # <<>>
    /\ LET s == Head(portA) IN
        /\ atA' = [atA EXCEPT ![s] = "taken"]
        /\ msgA' = [msgA EXCEPT ![s] = clientMsg[s]]
        /\ due' = [due EXCEPT ![s] = 0]
        /\ disposed' = [disposed EXCEPT ![s] = 0]
        /\ unsent' = Append(unsent, s)
    /\ portA' = Tail(portA)
    /\ UNCHANGED <<now, putCount, client, clientMsg, publishing, importer, wires, slotsB, exporter, seen, told, noSlot>>

\* StandIn.onDispose
TakeDisposal(s) ==
    /\ sessionA = "up" /\ disposed[s] # 0 /\ msgA[s] = disposed[s] /\ s \notin Range(portA)
    /\ disposed' = [disposed EXCEPT ![s] = 0]
    /\ due' = [due EXCEPT ![s] = IF atA[s] = "replied" THEN msgA[s] ELSE 0]
    /\ atA' = [atA EXCEPT ![s] = "free"]
    /\ UNCHANGED <<now, putCount, client, clientMsg, portA, msgA, unsent, publishing, importer, wires, slotsB,
        exporter, seen, told, noSlot>>

\* StandIn.sendRequests: OFFERED is set ...
Offer ==
    /\ sessionA = "up" /\ unsent # <<>>
    /\ IF Fault = "offered after it is published" THEN publishing = Head(unsent) ELSE publishing = 0
    /\ LET s == Head(unsent) IN
        /\ atA' = [atA EXCEPT ![s] = "offered"]
        /\ IF Fault = "offered after it is published"
           THEN publishing' = 0 /\ unsent' = Tail(unsent)
           ELSE publishing' = s /\ UNCHANGED unsent
    /\ UNCHANGED <<now, clientVars, portA, msgA, due, importer, wires, slotsB, exporter, seen, told, noSlot>>

\* ... before the call that publishes the frame.
Publish ==
    /\ sessionA = "up" /\ unsent # <<>>
    /\ IF Fault = "offered after it is published" THEN publishing = 0 ELSE publishing = Head(unsent)
    /\ LET s == Head(unsent) IN
        /\ toB' = SentToB(Frame("request", s, msgA[s]))
        /\ IF Fault = "offered after it is published"
           THEN publishing' = s /\ UNCHANGED unsent
           ELSE publishing' = 0 /\ unsent' = Tail(unsent)
    /\ UNCHANGED <<now, clientVars, portA, atA, msgA, due, importer, toA, cut, dups, slotsB, exporter, seen, told,
        noSlot>>

SendDisposal(s) ==
    /\ sessionA = "up" /\ due[s] # 0
    /\ toB' = SentToB(Frame("dispose", s, due[s]))
    /\ due' = [due EXCEPT ![s] = 0]
    /\ UNCHANGED <<now, clientVars, portA, atA, msgA, unsent, publishing, importer, toA, cut, dups, slotsB, exporter,
        seen, told, noSlot>>

\* ImportSession.doWork: the echo, and when it was sent.
Echo ==
    /\ sessionA = "up" /\ echoDue >= 0
    /\ toB' = SentToB(Frame("echo", 0, echoDue))
    /\ lastEcho' = now
    /\ echoDue' = -1
    /\ UNCHANGED <<now, clientVars, standIn, sessionA, toA, cut, dups, slotsB, exporter, seen, told, noSlot>>

\* StandIn.lose: what was offered may be acted on; what was not, never will be.
Kind(s) == IF atA[s] = "offered" THEN "unreachable, received" ELSE "unreachable"
Lose ==
    /\ sessionA' = "lost"
    /\ End([s \in {s \in Slots : client[s] = "waits"} |-> IF s \in Range(portA) THEN "unreachable" ELSE Kind(s)])
    /\ portA' = <<>>
    /\ unsent' = <<>>
    /\ publishing' = 0

\* ImportSession.doWork: no beat for too long.
SeeLost ==
    /\ sessionA = "up" /\ now > lastEcho + Lost
    /\ Lose
    /\ UNCHANGED <<now, putCount, clientMsg, disposed, atA, msgA, due, lastEcho, echoDue, wires, slotsB, exporter,
        seen, noSlot>>

IsAwaited(frame) == atA[frame.slot] = "offered" /\
    (msgA[frame.slot] = frame.id \/ Fault = "late reply is not compared")

DeliverToA ==
    /\ sessionA = "up" /\ toA # <<>>
    /\ toA' = Tail(toA)
    /\ LET frame == Head(toA) IN
        \/ /\ frame.type = "beat"
           /\ echoDue' = frame.id
           /\ UNCHANGED <<clientVars, standIn, sessionA, told>>
        \/ /\ frame.type = "bye"
           /\ Lose
           /\ UNCHANGED <<putCount, clientMsg, disposed, atA, msgA, due, echoDue>>
        \/ /\ frame.type = "reply" /\ IsAwaited(frame)
           /\ End([s \in {frame.slot} |-> "replied"])
           /\ atA' = [atA EXCEPT ![frame.slot] = "replied"]
           /\ UNCHANGED <<putCount, clientMsg, disposed, portA, msgA, unsent, publishing, due, sessionA, echoDue>>
        \/ /\ frame.type = "reply" /\ ~IsAwaited(frame)
           /\ UNCHANGED <<clientVars, standIn, sessionA, echoDue, told>>
    /\ UNCHANGED <<now, lastEcho, toB, cut, dups, slotsB, exporter, seen, noSlot>>

(***************************************************************************)
(* The exporter and the service: ExportSession, ExportLink                 *)
(***************************************************************************)

IsLeaseOver == now > tick + Lease /\ Fault # "no lease"

\* ExportSession.fail: the client ports are closed, so that what the service has not received vanishes ...
ClosePorts ==
    /\ portB' = <<>>
    /\ sessionB' = "closed"

CanClose == IF Fault = "bye before the ports are closed" THEN sessionB = "over" ELSE sessionB = "up"

\* ... as the lease is over, or the bridge is told to close ...
CloseB ==
    /\ CanClose
    /\ IsLeaseOver \/ "close" \in Crashes
    /\ portB' = <<>>
    /\ sessionB' = IF sessionB = "over" THEN "gone" ELSE "closed"
    /\ UNCHANGED <<now, clientVars, standIn, importer, wires, atB, msgB, lastId, tick, lastBeat, seen, told, noSlot>>

\* ... and then BYE is sent.
Bye ==
    /\ IF Fault = "bye before the ports are closed"
       THEN sessionB = "up" /\ (IsLeaseOver \/ "close" \in Crashes)
       ELSE sessionB = "closed"
    /\ sessionB' = "over"
    /\ toA' = SentToA(Frame("bye", 0, 0))
    /\ UNCHANGED <<now, clientVars, standIn, importer, toB, cut, dups, slotsB, tick, lastBeat, seen, told, noSlot>>

Beat ==
    /\ sessionB = "up" /\ lastBeat < now /\ MaxTime > 0
    /\ toA' = SentToA(Frame("beat", 0, now))
    /\ lastBeat' = now
    /\ UNCHANGED <<now, clientVars, standIn, importer, toB, cut, dups, slotsB, sessionB, tick, seen, told, noSlot>>

\* ExportLink.beginRequest, end
OnRequest(frame) ==
    IF frame.id <= lastId /\ Fault # "duplicates are handed out"
    THEN UNCHANGED <<slotsB, sessionB, noSlot>>
    ELSE IF IsLeaseOver
    THEN ClosePorts /\ UNCHANGED <<atB, msgB, lastId, noSlot>>
    ELSE
        /\ lastId' = frame.id
        /\ UNCHANGED sessionB
        /\ IF atB[frame.slot] # "free" /\ Fault = "request does not imply the disposal"
           THEN noSlot' = TRUE /\ UNCHANGED <<atB, msgB, portB>>
           ELSE
                /\ noSlot' = (noSlot \/ (frame.id > lastId /\ atB[frame.slot] \notin {"free", "replied"}))
                /\ atB' = [atB EXCEPT ![frame.slot] = "put"]
                /\ msgB' = [msgB EXCEPT ![frame.slot] = frame.id]
                /\ portB' = Append(portB, frame.slot)

DeliverToB ==
    /\ sessionB = "up" /\ toB # <<>>
    /\ toB' = Tail(toB)
    /\ LET frame == Head(toB) IN
        \/ /\ frame.type = "request"
           /\ OnRequest(frame)
           /\ UNCHANGED tick
        \/ /\ frame.type = "dispose"
           /\ atB' = IF atB[frame.slot] = "replied" /\ msgB[frame.slot] = frame.id
                THEN [atB EXCEPT ![frame.slot] = "free"] ELSE atB
           /\ UNCHANGED <<msgB, lastId, portB, sessionB, tick, noSlot>>
        \/ /\ frame.type = "echo"
           /\ tick' = IF Fault = "lease from the echo's arrival" THEN now
                ELSE IF frame.id > tick THEN frame.id ELSE tick
           /\ UNCHANGED <<slotsB, sessionB, noSlot>>
    /\ UNCHANGED <<now, clientVars, standIn, importer, toA, cut, dups, lastBeat, seen, told>>

\* The service receives, while B's client port is open.
Receive ==
    /\ portB # <<>>
    /\ LET s == Head(portB) IN
        /\ handed' = [handed EXCEPT ![msgB[s]] = @ + 1]
        /\ order' = Append(order, msgB[s])
        /\ isLate' = (isLate \/ out[msgB[s]] \in {"unreachable", "unreachable, received"})
        /\ atB' = [atB EXCEPT ![s] = "handed"]
    /\ portB' = Tail(portB)
    /\ UNCHANGED <<now, clientVars, standIn, importer, wires, msgB, lastId, exporter, replied, told, noSlot>>

\* The service replies, and ExportLink.sendReply
Reply(s) ==
    /\ sessionB = "up" /\ atB[s] = "handed"
    /\ atB' = [atB EXCEPT ![s] = "replied"]
    /\ replied' = replied \cup {msgB[s]}
    /\ toA' = SentToA(Frame("reply", s, msgB[s]))
    /\ UNCHANGED <<now, clientVars, standIn, importer, toB, cut, dups, msgB, lastId, portB, exporter, handed, order,
        isLate, told, noSlot>>

(***************************************************************************)
(* The network, time, and crashes                                          *)
(***************************************************************************)

\* A frame comes a second time, after those that follow it.
DuplicateToB ==
    /\ dups < Dups /\ toB # <<>> /\ Head(toB).type \in {"request", "dispose"}
    /\ toB' = Append(toB, Head(toB))
    /\ dups' = dups + 1
    /\ UNCHANGED <<now, clientVars, standIn, importer, toA, cut, slotsB, exporter, seen, told, noSlot>>

DuplicateToA ==
    /\ dups < Dups /\ toA # <<>> /\ Head(toA).type = "reply"
    /\ toA' = Append(toA, Head(toA))
    /\ dups' = dups + 1
    /\ UNCHANGED <<now, clientVars, standIn, importer, toB, cut, slotsB, exporter, seen, told, noSlot>>

Cut(direction) ==
    /\ direction \in Cuts \ cut
    /\ cut' = cut \cup {direction}
    /\ toB' = IF direction = "toB" THEN <<>> ELSE toB
    /\ toA' = IF direction = "toA" THEN <<>> ELSE toA
    /\ UNCHANGED <<now, clientVars, standIn, importer, dups, slotsB, exporter, seen, told, noSlot>>

\* B looks at its lease at least once in each unit of time, and closes its ports in that time.
Tick ==
    /\ now < MaxTime
    /\ ~(IsLeaseOver /\ portB # <<>> /\ Fault # "bye before the ports are closed")
    /\ now' = now + 1
    /\ UNCHANGED <<clientVars, standIn, importer, wires, slotsB, exporter, seen, told, noSlot>>

\* The kernel proves it: SERVICE_DIED, with RECEIVED if the bridge had taken the request.
CrashA ==
    /\ "A" \in Crashes /\ sessionA = "up"
    /\ sessionA' = "crashed"
    /\ End([s \in {s \in Slots : client[s] = "waits"} |-> IF s \in Range(portA) THEN "died" ELSE "died, received"])
    /\ portA' = <<>>
    /\ toA' = <<>>
    /\ UNCHANGED <<now, putCount, clientMsg, disposed, atA, msgA, unsent, publishing, due, lastEcho, echoDue, toB, cut,
        dups, slotsB, exporter, seen, noSlot>>

CrashB ==
    /\ "B" \in Crashes /\ sessionB \notin {"crashed", "gone"}
    /\ sessionB' = "crashed"
    /\ portB' = <<>>
    /\ toB' = <<>>
    /\ UNCHANGED <<now, clientVars, standIn, importer, toA, cut, dups, atB, msgB, lastId, tick, lastBeat, seen, told,
        noSlot>>

(***************************************************************************)
(* All of it                                                               *)
(***************************************************************************)

Must ==
    \/ Take \/ Offer \/ Publish \/ Echo \/ SeeLost \/ DeliverToA \/ DeliverToB \/ Receive \/ Bye \/ Tick
    \/ (CloseB /\ IsLeaseOver)
    \/ \E s \in Slots : Release(s) \/ TakeDisposal(s) \/ SendDisposal(s) \/ Reply(s)

May ==
    \/ Beat \/ CloseB \/ DuplicateToB \/ DuplicateToA \/ CrashA \/ CrashB
    \/ \E s \in Slots : Put(s)
    \/ \E direction \in Cuts : Cut(direction)

Next == Must \/ May
Spec == Init /\ [][Next]_vars

(***************************************************************************)
(* What must hold                                                          *)
(***************************************************************************)

\* B1: one outcome at most; and one, once the importer has ended or lost its session and nothing is left to do.
ExactlyOne ==
    /\ \A m \in Messages : outCount[m] <= 1
    /\ ~ENABLED Must /\ sessionA # "up" =>
        \A m \in Messages : m <= putCount => outCount[m] = 1

AtMostOnce == \A m \in Messages : handed[m] <= 1

\* R19
InOrder == \A i, j \in DOMAIN order : i < j => order[i] <= order[j]

\* B7: RECEIVED unset is a promise, for what has not happened and for what never will.
NotHandedOut == \A m \in Messages : out[m] \in {"unreachable", "died"} => handed[m] = 0

Replied == \A m \in Messages : out[m] = "replied" => m \in replied

\* What was reported as UNREACHABLE is not handed out after that.
LeaseKept == ~isLate

\* B's claim finds a slot.
Quota == ~noSlot

=============================================================================
