------------------------------ MODULE SetClose -------------------------------
(***************************************************************************)
(* The close of a wait set against the threads that wait in it, a second   *)
(* close, and the port that gets the entry of the port table next:         *)
(* WaitSet.await, WaitSet.close. The words are WAKE and INCARNATION of the *)
(* entry, and the kernel's queue of the futex. What the set's monitor      *)
(* guards is one step.                                                     *)
(***************************************************************************)
EXTENDS Integers, FiniteSets

CONSTANTS
    Waiters,        \* threads that wait in the set
    Closers,        \* threads that close it
    WakeCount,      \* wake-ups that a closer makes at most; then it only waits for the waiters
    Fault           \* "none", or the step that is left out or done wrong

VARIABLES
    closed,         \* isClosed
    waiting,        \* threads that are counted in waiterCount
    wake,           \* the wake word
    queue,          \* threads that the kernel holds
    where, word,    \* of each waiter: where it is, the wake word that it read
    at, wakes,      \* of each closer: where it is, wake-ups that it has made
    owner           \* of the entry: "set", "none", "next", "lost" by its next owner

vars == <<closed, waiting, wake, queue, where, word, at, wakes, owner>>

Init ==
    /\ closed = FALSE
    /\ waiting = {}
    /\ wake = 0
    /\ queue = {}
    /\ where = [t \in Waiters |-> "outside"]
    /\ word = [t \in Waiters |-> 0]
    /\ at = [c \in Closers |-> "start"]
    /\ wakes = [c \in Closers |-> 0]
    /\ owner = "set"

(***************************************************************************)
(* WaitSet.await                                                           *)
(***************************************************************************)

Moves(t, place) == where' = [where EXCEPT ![t] = place]

\* Under the monitor: counted, unless it is closed.
Enter(t) ==
    /\ where[t] = "outside"
    /\ IF closed
       THEN Moves(t, "back") /\ UNCHANGED waiting
       ELSE Moves(t, "checking") /\ waiting' = waiting \cup {t}
    /\ UNCHANGED <<closed, wake, queue, word, at, wakes, owner>>

Check(t) ==
    /\ where[t] = "checking"
    /\ Moves(t, IF closed THEN "leaving" ELSE "reading")
    /\ UNCHANGED <<closed, waiting, wake, queue, word, at, wakes, owner>>

\* The volatile read of the word [set-close] ...
Read(t) ==
    /\ where[t] = "reading"
    /\ word' = [word EXCEPT ![t] = wake]
    /\ Moves(t, IF Fault = "no second look" THEN "sleeping" ELSE "looking again")
    /\ UNCHANGED <<closed, waiting, wake, queue, at, wakes, owner>>

\* ... and the second look at isClosed after it.
LookAgain(t) ==
    /\ where[t] = "looking again"
    /\ Moves(t, IF closed THEN "leaving" ELSE "sleeping")
    /\ UNCHANGED <<closed, waiting, wake, queue, word, at, wakes, owner>>

\* Host.sleep: the kernel compares the word and holds the thread, in one.
Sleep(t) ==
    /\ where[t] = "sleeping"
    /\ IF wake = word[t]
       THEN queue' = queue \cup {t} /\ Moves(t, "asleep")
       ELSE Moves(t, "checking") /\ UNCHANGED queue
    /\ UNCHANGED <<closed, waiting, wake, word, at, wakes, owner>>

Awake(t) ==
    /\ where[t] = "asleep" /\ t \notin queue
    /\ Moves(t, "checking")
    /\ UNCHANGED <<closed, waiting, wake, queue, word, at, wakes, owner>>

Leave(t) ==
    /\ where[t] = "leaving"
    /\ waiting' = waiting \ {t}
    /\ Moves(t, "back")
    /\ UNCHANGED <<closed, wake, queue, word, at, wakes, owner>>

(***************************************************************************)
(* WaitSet.close                                                           *)
(***************************************************************************)

Goes(c, place) == at' = [at EXCEPT ![c] = place]

Close(c) ==
    /\ at[c] = (IF Fault = "woken before it is closed" THEN "woken" ELSE "start")
    /\ closed' = TRUE
    /\ Goes(c, IF Fault = "woken before it is closed" THEN "freeing" ELSE "waking")
    /\ UNCHANGED <<waiting, wake, queue, where, word, wakes, owner>>

\* WaitSet.awaitWaiters: the atomic add [set-close]; nobody is left, or the waiters are woken so often.
Wake(c) ==
    /\ at[c] = (IF Fault = "woken before it is closed" THEN "start" ELSE "waking")
    /\ IF waiting = {}
       THEN Goes(c, IF Fault = "woken before it is closed" THEN "woken" ELSE "freeing") /\ UNCHANGED <<wake, wakes>>
       ELSE
            /\ wakes[c] < WakeCount
            /\ wake' = wake + 1
            /\ wakes' = [wakes EXCEPT ![c] = wakes[c] + 1]
            /\ Goes(c, "calling")
    /\ UNCHANGED <<closed, waiting, queue, where, word, owner>>

Call(c) ==
    /\ at[c] = "calling"
    /\ queue' = {}
    /\ Goes(c, CASE Fault = "waiters are not waited for" -> "freeing"
                 [] Fault = "woken before it is closed" -> "woken"
                 [] OTHER -> "waking")
    /\ UNCHANGED <<closed, waiting, wake, where, word, wakes, owner>>

\* PortEntry.free, by the incarnation.
Free(c) ==
    /\ at[c] = "freeing"
    /\ owner' = CASE owner = "set" -> "none"
                  [] owner = "next" /\ Fault = "freed by index" -> "lost"
                  [] OTHER -> owner
    /\ Goes(c, "done")
    /\ UNCHANGED <<closed, waiting, wake, queue, where, word, wakes>>

\* PortEntry.publish, by any process: once.
Take ==
    /\ owner = "none"
    /\ owner' = "next"
    /\ UNCHANGED <<closed, waiting, wake, queue, where, word, at, wakes>>

Waits(t) == Enter(t) \/ Check(t) \/ Read(t) \/ LookAgain(t) \/ Sleep(t) \/ Awake(t) \/ Leave(t)
Closes(c) == Close(c) \/ Wake(c) \/ Call(c) \/ Free(c)

Next == (\E t \in Waiters : Waits(t)) \/ (\E c \in Closers : Closes(c)) \/ Take
Spec ==
    /\ Init /\ [][Next]_vars
    /\ \A t \in Waiters : WF_vars(Waits(t))
    /\ \A c \in Closers : WF_vars(Closes(c))

(***************************************************************************)
(* What must hold                                                          *)
(***************************************************************************)

\* No thread uses the entry's words when they may be another's.
EntryKept == \A t \in Waiters :
    where[t] \in {"reading", "looking again", "sleeping", "asleep"} => owner = "set"

\* Who got the entry next keeps it, whoever closes the set again.
NextKept == owner # "lost"

\* No thread sleeps when nobody is left to wake it.
NoSleeperLeft ==
    (\A c \in Closers : at[c] = "done" \/ (at[c] = "waking" /\ wakes[c] = WakeCount)) =>
        \A t \in Waiters : ~(where[t] = "asleep" /\ t \in queue)

\* Each wait ends by the close, and so does each close.
AllBack == <>(\A t \in Waiters : where[t] = "back")
AllClosed == <>(\A c \in Closers : at[c] = "done")

=============================================================================
