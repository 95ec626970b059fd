-------------------------------- MODULE Links --------------------------------
(***************************************************************************)
(* One link of the directory and all who may use it, one after the other:  *)
(* connect, accept, close, the dead, and the link's next use. The words    *)
(* are STATE and the fields of LinkEntry, and the services' port STATE and *)
(* EVENTS. Each store, and each look that a store can come before, is an   *)
(* action of its own; processes die between any two.                       *)
(*                                                                         *)
(* What is said through the link is in Messages.tla. Here it counts only   *)
(* who has the link's memory in use: a client from connect to close, a     *)
(* service from accept until it lets go, views included.                   *)
(*                                                                         *)
(* A store that is followed by a look without a fence (a service's own end *)
(* against a connect) goes through a store buffer; all other changes are   *)
(* atomic, or under the tables' lock.                                      *)
(***************************************************************************)
EXTENDS Integers, FiniteSets

CONSTANTS
    Clients, Services,
    UseCount,       \* uses of the link, one after the other
    Deaths,         \* processes that may die
    Fault           \* "none", or the step that is left out or done wrong

Janitor == "janitor"    \* whoever takes the tables' lock to reap
Nobody == "nobody"

VARIABLES
    inc, flags, fieldClient, fieldService,  \* the link's entry: STATE is inc and flags together
    portOpen, closing, events,              \* of each service: port STATE, its store buffer, EVENTS moved on
    lock, nextInc, alive,
    clientAt, clientInc, clientOf,          \* where a client is, in which use, of which service
    serviceAt, serviceInc, sawDead, isDropped, viewInc, attention, readInc, readFlags,
    reap, janitorDied

entry == <<inc, flags, fieldClient, fieldService>>
words == <<portOpen, closing, events>>
tables == <<lock, nextInc, alive>>
client == <<clientAt, clientInc, clientOf>>
service == <<serviceAt, serviceInc, sawDead, isDropped, viewInc, attention, readInc, readFlags>>
reaper == <<reap, janitorDied>>
vars == <<entry, words, tables, client, service, reaper>>

NoReap == [at |-> "none"]

Init ==
    /\ inc = 0
    /\ flags = {}
    /\ fieldClient = Nobody
    /\ fieldService = Nobody
    /\ portOpen = [s \in Services |-> TRUE]
    /\ closing = [s \in Services |-> FALSE]
    /\ events = [s \in Services |-> FALSE]
    /\ lock = Nobody
    /\ nextInc = 1
    /\ alive = Clients \cup Services
    /\ clientAt = [c \in Clients |-> "out"]
    /\ clientInc = [c \in Clients |-> 0]
    /\ clientOf = [c \in Clients |-> Nobody]
    /\ serviceAt = [s \in Services |-> "in"]
    /\ serviceInc = [s \in Services |-> 0]
    /\ sawDead = [s \in Services |-> FALSE]
    /\ isDropped = [s \in Services |-> FALSE]
    /\ viewInc = [s \in Services |-> 0]
    /\ attention = [s \in Services |-> FALSE]
    /\ readInc = [s \in Services |-> 0]
    /\ readFlags = [s \in Services |-> {}]
    /\ reap = NoReap
    /\ janitorDied = FALSE

\* LinkEntry.isFree
IsFree == flags \cap {"clientHolds", "serviceHolds"} = {}

\* LinkEntry.change [link]: compare and set of the whole word, so one action; without effect on another use.
Change(use, set, clear) ==
    IF inc = use \/ Fault = "incarnation left out"
    THEN flags' = (flags \cup set) \ clear /\ UNCHANGED inc
    ELSE UNCHANGED <<inc, flags>>

ClientMoves(c, at) == clientAt' = [clientAt EXCEPT ![c] = at]
ServiceMoves(s, at) == serviceAt' = [serviceAt EXCEPT ![s] = at]
Raise(s) == events' = [events EXCEPT ![s] = s \in alive /\ serviceAt[s] # "ended"]

\* What nobody looks at any more is wiped, so that states that differ in it alone are one.
Forget(c) ==
    /\ clientInc' = [clientInc EXCEPT ![c] = 0]
    /\ clientOf' = [clientOf EXCEPT ![c] = Nobody]

ForgetAll(s) ==
    /\ serviceInc' = [serviceInc EXCEPT ![s] = 0]
    /\ sawDead' = [sawDead EXCEPT ![s] = FALSE]
    /\ isDropped' = [isDropped EXCEPT ![s] = FALSE]
    /\ viewInc' = [viewInc EXCEPT ![s] = 0]
    /\ attention' = [attention EXCEPT ![s] = FALSE]
    /\ readInc' = [readInc EXCEPT ![s] = 0]
    /\ readFlags' = [readFlags EXCEPT ![s] = {}]

(***************************************************************************)
(* A client: Connection.open, ClientPort.end                               *)
(***************************************************************************)

\* Registry.lock, find, freeLink. A service that has just died may be found.
Find(c, s) ==
    /\ c \in alive /\ clientAt[c] = "out"
    /\ lock = Nobody
    /\ nextInc <= UseCount
    /\ portOpen[s] /\ IsFree
    /\ lock' = c
    /\ ClientMoves(c, "found")
    /\ clientOf' = [clientOf EXCEPT ![c] = s]
    /\ UNCHANGED <<entry, words, nextInc, alive, clientInc, service, reaper>>

\* LinkEntry.take: the fields, while the link is free.
TakeFields(c) ==
    /\ c \in alive /\ clientAt[c] = "found"
    /\ fieldClient' = c
    /\ fieldService' = clientOf[c]
    /\ ClientMoves(c, "fields")
    /\ UNCHANGED <<inc, flags, words, tables, clientInc, clientOf, service, reaper>>

\* LinkEntry.take: STATE. From here on the link's head is written.
TakeState(c) ==
    /\ c \in alive /\ clientAt[c] = "fields"
    /\ inc' = nextInc
    /\ flags' = {"clientHolds"}
    /\ nextInc' = nextInc + 1
    /\ clientInc' = [clientInc EXCEPT ![c] = nextInc]
    /\ ClientMoves(c, "taken")
    /\ UNCHANGED <<fieldClient, fieldService, words, lock, alive, clientOf, service, reaper>>

\* Connection.takeLink: OPEN [link].
Open(c) ==
    /\ c \in alive /\ clientAt[c] = "taken"
    /\ Change(clientInc[c], {"open"}, {})
    /\ ClientMoves(c, "opened")
    /\ UNCHANGED <<fieldClient, fieldService, words, tables, clientInc, clientOf, service, reaper>>

Unlock(c) ==
    /\ c \in alive /\ clientAt[c] = "opened"
    /\ lock' = Nobody
    /\ ClientMoves(c, "unlocked")
    /\ UNCHANGED <<entry, words, nextInc, alive, clientInc, clientOf, service, reaper>>

\* Connection.open: service.isOpen() [port-state], once more.
LookAgain(c) ==
    /\ c \in alive /\ clientAt[c] = "unlocked"
    /\ ClientMoves(c, IF portOpen[clientOf[c]] \/ Fault = "no second look" THEN "raising" ELSE "undoing")
    /\ UNCHANGED <<entry, words, tables, clientInc, clientOf, service, reaper>>

\* Connection.announce: EVENTS + 1.
RaiseEvents(c) ==
    /\ c \in alive /\ clientAt[c] = "raising"
    /\ Raise(clientOf[c])
    /\ ClientMoves(c, "connected")
    /\ UNCHANGED <<entry, portOpen, closing, tables, clientInc, clientOf, service, reaper>>

\* Connection.undo
Undo(c) ==
    /\ c \in alive /\ clientAt[c] = "undoing"
    /\ Change(clientInc[c], {"clientClosed"}, {"clientHolds"})
    /\ ClientMoves(c, "out")
    /\ Forget(c)
    /\ UNCHANGED <<fieldClient, fieldService, words, tables, service, reaper>>

\* ClientPort.end: the link's flags, then EVENTS + 1.
ClientCloses(c) ==
    /\ c \in alive /\ clientAt[c] = "connected"
    /\ Change(clientInc[c], {"clientClosed"}, {"clientHolds"})
    /\ ClientMoves(c, "closing")
    /\ UNCHANGED <<fieldClient, fieldService, words, tables, clientInc, clientOf, service, reaper>>

ClientClosed(c) ==
    /\ c \in alive /\ clientAt[c] = "closing"
    /\ Raise(clientOf[c])
    /\ ClientMoves(c, "out")
    /\ Forget(c)
    /\ UNCHANGED <<entry, portOpen, closing, tables, service, reaper>>

(***************************************************************************)
(* A service: Acceptor.acceptAndDrop, ServicePort.end, watch               *)
(***************************************************************************)

IsClientGone(s) ==
    sawDead[s] \/ inc # serviceInc[s] \/ "clientClosed" \in flags

\* Acceptor.acceptAndDrop: what changes after this is looked at next time.
Attend(s) ==
    /\ s \in alive /\ serviceAt[s] = "in"
    /\ events[s] \/ attention[s]
    /\ events' = IF Fault = "events seen late" THEN events ELSE [events EXCEPT ![s] = FALSE]
    /\ attention' = [attention EXCEPT ![s] = FALSE]
    /\ ServiceMoves(s, "dropping")
    /\ UNCHANGED <<entry, portOpen, closing, tables, client, serviceInc, sawDead, isDropped, viewInc, readInc,
        readFlags, reaper>>

\* Acceptor.dropGone: first ServiceLink.drop ...
DropGone(s) ==
    /\ s \in alive /\ serviceAt[s] = "dropping"
    /\ isDropped' = [isDropped EXCEPT ![s] = isDropped[s] \/ (serviceInc[s] # 0 /\ IsClientGone(s))]
    /\ ServiceMoves(s, "lettingGo")
    /\ UNCHANGED <<entry, words, tables, client, serviceInc, sawDead, viewInc, attention, readInc, readFlags, reaper>>

\* ... then ServiceLink.release, when no view is out.
LetGo(s) ==
    /\ s \in alive /\ serviceAt[s] = "lettingGo"
    /\ IF isDropped[s] /\ (viewInc[s] = 0 \/ Fault = "view not waited for")
       THEN
            /\ Change(serviceInc[s],
                IF sawDead[s] /\ Fault # "let go leaves it open" THEN {"clientClosed"} ELSE {},
                {"serviceHolds"} \cup (IF sawDead[s] THEN {"clientHolds"} ELSE {}))
            /\ serviceInc' = [serviceInc EXCEPT ![s] = 0]
            /\ sawDead' = [sawDead EXCEPT ![s] = FALSE]
            /\ isDropped' = [isDropped EXCEPT ![s] = FALSE]
       ELSE UNCHANGED <<inc, flags, serviceInc, sawDead, isDropped>>
    /\ ServiceMoves(s, "accepting")
    /\ UNCHANGED <<fieldClient, fieldService, words, tables, client, viewInc, attention, readInc, readFlags, reaper>>

\* Acceptor.accept: STATE is read ...
AcceptRead(s) ==
    /\ s \in alive /\ serviceAt[s] = "accepting"
    /\ readInc' = [readInc EXCEPT ![s] = inc]
    /\ readFlags' = [readFlags EXCEPT ![s] = flags]
    /\ ServiceMoves(s, IF flags \cap {"open", "clientClosed", "serviceHolds", "refused"} = {"open"}
        THEN "attesting" ELSE "leaving")
    /\ UNCHANGED <<entry, words, tables, client, serviceInc, sawDead, isDropped, viewInc, attention, reaper>>

\* ... then the fields, and the operating system is asked who the client is. The link of one that died is closed for it.
Attest(s) ==
    /\ s \in alive /\ serviceAt[s] = "attesting"
    /\ IF fieldService = s /\ fieldClient \in alive
       THEN ServiceMoves(s, "comparing") /\ UNCHANGED <<inc, flags>>
       ELSE
            /\ ServiceMoves(s, "leaving")
            /\ IF fieldService = s
               THEN Change(readInc[s], {"clientClosed"}, {"clientHolds"})
               ELSE UNCHANGED <<inc, flags>>
    /\ UNCHANGED <<fieldClient, fieldService, words, tables, client, serviceInc, sawDead, isDropped, viewInc,
        attention, readInc, readFlags, reaper>>

\* Acceptor.refuse: a client that is not admitted. The service never holds the link.
TurnAway(s) ==
    /\ s \in alive /\ serviceAt[s] = "comparing"
    /\ Change(readInc[s], {"refused"}, {})
    /\ ServiceMoves(s, "leaving")
    /\ UNCHANGED <<fieldClient, fieldService, words, tables, client, serviceInc, sawDead, isDropped, viewInc,
        attention, readInc, readFlags, reaper>>

\* Acceptor.tryLater: the client cannot be attested, or its link not be mapped, now. The watch has it tried again.
AcceptFails(s) ==
    /\ s \in alive /\ serviceAt[s] \in {"attesting", "comparing"}
    /\ attention' = [attention EXCEPT ![s] = Fault # "failed accept is forgotten"]
    /\ ServiceMoves(s, "leaving")
    /\ UNCHANGED <<entry, words, tables, client, serviceInc, sawDead, isDropped, viewInc, readInc, readFlags, reaper>>

\* ClientState.hold: what can fail is over, and STATE is compared and set.
Accept(s) ==
    /\ s \in alive /\ serviceAt[s] = "comparing"
    /\ IF (inc = readInc[s] /\ flags = readFlags[s]) \/ Fault = "accept without compare"
       THEN
            /\ flags' = flags \cup {"serviceHolds"}
            /\ serviceInc' = [serviceInc EXCEPT ![s] = readInc[s]]
       ELSE UNCHANGED <<flags, serviceInc>>
    /\ ServiceMoves(s, "leaving")
    /\ UNCHANGED <<inc, fieldClient, fieldService, words, tables, client, sawDead, isDropped, viewInc, attention,
        readInc, readFlags, reaper>>

Leave(s) ==
    /\ s \in alive /\ serviceAt[s] = "leaving"
    /\ events' = IF Fault = "events seen late" THEN [events EXCEPT ![s] = FALSE] ELSE events
    /\ readInc' = [readInc EXCEPT ![s] = 0]
    /\ readFlags' = [readFlags EXCEPT ![s] = {}]
    /\ ServiceMoves(s, "in")
    /\ UNCHANGED <<entry, portOpen, closing, tables, client, serviceInc, sawDead, isDropped, viewInc, attention,
        reaper>>

\* A request in view, a claim that is filled, a reply that is copied: ServiceLink.addView.
View(s) ==
    /\ s \in alive /\ serviceAt[s] = "in"
    /\ serviceInc[s] # 0 /\ ~isDropped[s] /\ viewInc[s] = 0
    /\ viewInc' = [viewInc EXCEPT ![s] = serviceInc[s]]
    /\ UNCHANGED <<entry, words, tables, client, serviceAt, serviceInc, sawDead, isDropped, attention, readInc,
        readFlags, reaper>>

\* ServicePort.release: the last view of a dropped link calls for letting go of it.
EndView(s) ==
    /\ s \in alive /\ serviceAt[s] = "in"
    /\ viewInc[s] # 0
    /\ viewInc' = [viewInc EXCEPT ![s] = 0]
    /\ attention' = [attention EXCEPT ![s] = attention[s] \/ isDropped[s]]
    /\ UNCHANGED <<entry, words, tables, client, serviceAt, serviceInc, sawDead, isDropped, readInc, readFlags,
        reaper>>

\* ServiceLink.watch: the client of the accepted link is proved dead.
WatchClient(s) ==
    /\ s \in alive /\ serviceAt[s] = "in"
    /\ serviceInc[s] # 0 /\ ~sawDead[s]
    /\ fieldClient \notin alive \/ Fault = "paused is dead"
    /\ sawDead' = [sawDead EXCEPT ![s] = TRUE]
    /\ attention' = [attention EXCEPT ![s] = TRUE]
    /\ UNCHANGED <<entry, words, tables, client, serviceAt, serviceInc, isDropped, viewInc, readInc, readFlags,
        reaper>>

\* Port.close and ServicePort.end: the port's STATE goes to the store buffer. Views are void from here on.
ServiceCloses(s) ==
    /\ s \in alive /\ serviceAt[s] = "in"
    /\ closing' = [closing EXCEPT ![s] = TRUE]
    /\ ForgetAll(s)
    /\ ServiceMoves(s, "fence")
    /\ UNCHANGED <<entry, portOpen, events, tables, client, reaper>>

\* The store buffer empties by itself, sooner or later, and after the death of the process all the same.
Drain(s) ==
    /\ closing[s]
    /\ closing' = [closing EXCEPT ![s] = FALSE]
    /\ portOpen' = [portOpen EXCEPT ![s] = FALSE]
    /\ UNCHANGED <<entry, events, tables, client, service, reaper>>

\* ServicePort.end: the full fence after entry.close() [port-state].
Fence(s) ==
    /\ s \in alive /\ serviceAt[s] = "fence"
    /\ closing[s] => Fault = "no fence at the end"
    /\ ServiceMoves(s, "ending")
    /\ UNCHANGED <<entry, words, tables, client, serviceInc, sawDead, isDropped, viewInc, attention, readInc,
        readFlags, reaper>>

\* ServicePort.end: STATE of the link is read ...
EndRead(s) ==
    /\ s \in alive /\ serviceAt[s] = "ending"
    /\ readInc' = [readInc EXCEPT ![s] = inc]
    /\ ServiceMoves(s, IF IsFree THEN "ended" ELSE "marking")
    /\ UNCHANGED <<entry, words, tables, client, serviceInc, sawDead, isDropped, viewInc, attention, readFlags,
        reaper>>

\* ... the field ...
EndField(s) ==
    /\ s \in alive /\ serviceAt[s] = "marking"
    /\ ServiceMoves(s, IF fieldService = s THEN "changing" ELSE "ended")
    /\ UNCHANGED <<entry, words, tables, client, serviceInc, sawDead, isDropped, viewInc, attention, readInc,
        readFlags, reaper>>

\* ... and STATE is changed, if it is still the same use.
EndChange(s) ==
    /\ s \in alive /\ serviceAt[s] = "changing"
    /\ Change(readInc[s], {"serviceClosed"}, {"serviceHolds"})
    /\ ServiceMoves(s, "ended")
    /\ ForgetAll(s)
    /\ UNCHANGED <<fieldClient, fieldService, words, tables, client, reaper>>

(***************************************************************************)
(* Death, and who finds it: Reaper.reap                                    *)
(***************************************************************************)

IsClosing(s) == serviceAt[s] \in {"fence", "ending", "marking", "changing", "ended"}

Die(p) ==
    /\ p \in Deaths \cap alive
    /\ alive' = alive \ {p}
    /\ lock' = IF lock = p THEN Nobody ELSE lock
    /\ IF p \in Clients
       THEN ClientMoves(p, "out") /\ Forget(p) /\ UNCHANGED service
       ELSE ForgetAll(p) /\ ServiceMoves(p, IF IsClosing(p) THEN "ended" ELSE "in") /\ UNCHANGED client
    /\ UNCHANGED <<entry, words, nextInc, reaper>>

HeldByDead ==
    \/ "clientHolds" \in flags /\ fieldClient \notin alive
    \/ "serviceHolds" \in flags /\ fieldService \notin alive

ReapBegin ==
    /\ lock = Nobody
    /\ HeldByDead \/ \E s \in Services \ alive : portOpen[s] /\ ~closing[s]
    /\ lock' = Janitor
    /\ reap' = [at |-> "looking"]
    /\ UNCHANGED <<entry, words, nextInc, alive, client, service, janitorDied>>

\* Reaper.reapLinks: STATE and fields; nobody takes the link meanwhile, as the lock is ours.
ReapRead(p) ==
    /\ lock = Janitor /\ reap.at = "looking"
    /\ p \notin alive
    /\ \/ "clientHolds" \in flags /\ fieldClient = p
       \/ "serviceHolds" \in flags /\ fieldService = p
    /\ reap' = [at |-> "found", inc |-> inc, isClient |-> p \in Clients, service |-> fieldService]
    /\ UNCHANGED <<entry, words, tables, client, service, janitorDied>>

ReapChange ==
    /\ lock = Janitor /\ reap.at = "found"
    /\ IF reap.isClient
       THEN Change(reap.inc, {"clientClosed"}, {"clientHolds"}) /\ reap' = [reap EXCEPT !.at = "changed"]
       ELSE Change(reap.inc, {}, {"serviceHolds"}) /\ reap' = [at |-> "looking"]
    /\ UNCHANGED <<fieldClient, fieldService, words, tables, client, service, janitorDied>>

ReapEvents ==
    /\ lock = Janitor /\ reap.at = "changed"
    /\ Raise(reap.service)
    /\ reap' = [at |-> "looking"]
    /\ UNCHANGED <<entry, portOpen, closing, tables, client, service, janitorDied>>

\* Reaper.reapPorts
ReapPort(s) ==
    /\ lock = Janitor /\ reap.at = "looking"
    /\ s \notin alive /\ portOpen[s] /\ ~closing[s]
    /\ portOpen' = [portOpen EXCEPT ![s] = FALSE]
    /\ UNCHANGED <<entry, closing, events, tables, client, service, reaper>>

ReapEnd ==
    /\ lock = Janitor /\ reap.at = "looking"
    /\ ~HeldByDead /\ \A s \in Services \ alive : closing[s] \/ ~portOpen[s]
    /\ lock' = Nobody
    /\ reap' = NoReap
    /\ UNCHANGED <<entry, words, nextInc, alive, client, service, janitorDied>>

\* Who reaps may die, too, at any step: once.
ReaperDies ==
    /\ Deaths # {} /\ lock = Janitor /\ ~janitorDied
    /\ janitorDied' = TRUE
    /\ lock' = Nobody
    /\ reap' = NoReap
    /\ UNCHANGED <<entry, words, nextInc, alive, client, service>>

(***************************************************************************)
(* All of it                                                               *)
(***************************************************************************)

ClientStep(c) ==
    TakeFields(c) \/ TakeState(c) \/ Open(c) \/ Unlock(c) \/ LookAgain(c) \/ RaiseEvents(c) \/ Undo(c) \/
    ClientClosed(c)
ServiceStep(s) ==
    Attend(s) \/ DropGone(s) \/ LetGo(s) \/ AcceptRead(s) \/ Accept(s) \/ Attest(s) \/ Leave(s) \/
    Fence(s) \/ EndRead(s) \/ EndField(s) \/ EndChange(s)
ReaperStep ==
    \/ ReapBegin \/ ReapChange \/ ReapEvents \/ ReapEnd
    \/ \E p \in Clients \cup Services : ReapRead(p)
    \/ \E s \in Services : ReapPort(s)

Must ==
    \/ \E c \in Clients : ClientStep(c)
    \/ \E s \in Services : ServiceStep(s) \/ EndView(s) \/ WatchClient(s) \/ Drain(s)
    \/ ReaperStep

End == \E c \in Clients : ClientCloses(c)

May ==
    \/ \E c \in Clients, s \in Services : Find(c, s)
    \/ \E s \in Services : View(s) \/ ServiceCloses(s) \/ TurnAway(s) \/ AcceptFails(s)
    \/ \E p \in Clients \cup Services : Die(p)
    \/ ReaperDies

Next == Must \/ End \/ May
\* Each process goes on as long as it lives: one that is only busy with itself does not keep another from it.
Spec ==
    /\ Init /\ [][Next]_vars
    /\ \A c \in Clients : WF_vars(ClientStep(c)) /\ WF_vars(ClientCloses(c))
    /\ \A s \in Services :
        WF_vars(ServiceStep(s)) /\ WF_vars(EndView(s)) /\ WF_vars(WatchClient(s)) /\ WF_vars(Drain(s))
    /\ WF_vars(ReaperStep)

(***************************************************************************)
(* What must hold                                                          *)
(***************************************************************************)

\* No link is used by two: who has its memory in use holds the link, in this very use.
ClientUses(c) == c \in alive /\ clientAt[c] \in {"taken", "opened", "unlocked", "raising", "connected"}
ServiceUses(s) ==
    s \in alive /\ serviceInc[s] # 0 /\
        serviceAt[s] \in {"in", "dropping", "lettingGo", "accepting", "attesting", "comparing", "leaving"}
Exclusive ==
    /\ \A c \in Clients : ClientUses(c) => inc = clientInc[c] /\ "clientHolds" \in flags
    /\ \A s \in Services : ServiceUses(s) => inc = serviceInc[s] /\ "serviceHolds" \in flags
    /\ \A s \in Services : s \in alive /\ viewInc[s] # 0 => inc = viewInc[s] /\ "serviceHolds" \in flags

\* What the flags say is so: of this use, and of nobody else. The fields of a free link mean nothing.
TrueFlags == ~IsFree =>
    /\ "serviceClosed" \in flags => IsClosing(fieldService)
    /\ "refused" \in flags => "serviceHolds" \notin flags
    /\ {"clientHolds", "clientClosed"} \subseteq flags => FALSE

\* A service that has closed told each client that is connected to it (R23).
Told == \A s \in Services, c \in Clients :
    s \in alive /\ serviceAt[s] = "ended" /\ c \in alive /\ clientAt[c] = "connected" /\ clientOf[c] = s =>
        "serviceClosed" \in flags

\* When nothing is left to do, each client of a service that lives is accepted or turned away,
Accepted == ~ENABLED Must => \A s \in Services, c \in Clients :
    s \in alive /\ serviceAt[s] = "in" /\ c \in alive /\ clientAt[c] = "connected" /\ clientOf[c] = s =>
        serviceInc[s] = clientInc[c] \/ "refused" \in flags

\* and when each client has closed, too, the link is free, and so is the lock.
Recycled == ~ENABLED (Must \/ End) => IsFree /\ lock = Nobody

\* The same in time: a link that is held is free again, whoever lives or dies.
FreeAgain == ~IsFree ~> IsFree

=============================================================================
