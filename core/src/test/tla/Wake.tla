-------------------------------- MODULE Wake ---------------------------------
(***************************************************************************)
(* Sleeping and waking: the threads that wait at one port, and those who   *)
(* publish for it. The words are SLEEPERS (WAIT_SET likewise) and WAKE of  *)
(* the port's entry, and the kernel's queue of the futex.                  *)
(*                                                                         *)
(* What is published goes through the publisher's store buffer: it becomes *)
(* visible some time later, at a full fence at the latest. So a fence that *)
(* is left out shows.                                                      *)
(*                                                                         *)
(* At a service ("any") each message is for whoever comes, and one sleeper *)
(* is woken. At a client ("own") each thread waits for its own reply, and  *)
(* all are woken. A publisher may die between any two steps: then the      *)
(* attachment's watch ends the port's wait, with the same two steps; a     *)
(* service whose client died waits on for others, and is not concerned.    *)
(***************************************************************************)
EXTENDS Integers, FiniteSets

CONSTANTS
    Threads,        \* that wait at the port; each for one message, then it comes no more
    Publishers,     \* each publishes one message: for any thread, or for that of its own number
    Mode,           \* "any" or "own"
    Announce,       \* "add": SLEEPERS, an atomic add; "store": WAIT_SET, a store and a fence after it
    Timeouts,       \* threads may give up
    Disposals,      \* disposals that wait at the service; they wake nobody (R21), but a get() hands them out
    Deaths,         \* publishers may die
    Fault           \* "none", or the step that is left out or done wrong

VARIABLES
    buffered,       \* published and still in the store buffer
    visible,        \* published, to be not taken
    at,             \* of each publisher, and of the watch: where it is
    sleepers,       \* threads that have announced themselves, to be seen
    announcing,     \* threads whose announcement is still in the store buffer
    wake,           \* the wake word
    queue,          \* threads that the kernel holds
    where, word,    \* of each thread: where it is, the wake word that it read
    taken,          \* what was taken
    disposals, due, \* at the service and not handed out yet; still to come
    dead, gone      \* publishers that died; the client knows that its service is gone

vars == <<buffered, visible, at, sleepers, announcing, wake, queue, where, word, taken, disposals, due, dead, gone>>

Watch == 0
Wakers == Publishers \cup (IF Deaths THEN {Watch} ELSE {})

Init ==
    /\ buffered = {}
    /\ visible = {}
    /\ at = [p \in Wakers |-> "start"]
    /\ sleepers = {}
    /\ announcing = {}
    /\ wake = 0
    /\ queue = {}
    /\ where = [t \in Threads |-> "reading"]
    /\ word = [t \in Threads |-> 0]
    /\ taken = {}
    /\ disposals = 0
    /\ due = Disposals
    /\ dead = {}
    /\ gone = FALSE

(***************************************************************************)
(* Who publishes: ClientPort.publish, ServicePort.publish, Doorbell.ring   *)
(***************************************************************************)

Goes(p, place) == at' = [at EXCEPT ![p] = place]
Lives(p) == p \notin dead

\* The message's stores; "looked for before publication": they come after the look at SLEEPERS.
Publish(p) ==
    /\ p \in Publishers /\ Lives(p)
    /\ at[p] = (IF Fault = "wake before publication" THEN "late" ELSE "start")
    /\ buffered' = buffered \cup {p}
    /\ Goes(p, IF Fault = "wake before publication" THEN "done" ELSE "fence")
    /\ UNCHANGED <<visible, sleepers, announcing, wake, queue, where, word, taken, disposals, due, dead, gone>>

\* The store buffer empties by itself, whatever becomes of the process.
Drain(p) ==
    /\ p \in buffered
    /\ buffered' = buffered \ {p}
    /\ visible' = visible \cup {p}
    /\ UNCHANGED <<at, sleepers, announcing, wake, queue, where, word, taken, disposals, due, dead, gone>>

\* Doorbell.ring: the full fence [wake].
Fence(p) ==
    /\ Lives(p)
    /\ at[p] = "fence"
    /\ p \in buffered => Fault = "no fence at the publisher"
    /\ Goes(p, "look")
    /\ UNCHANGED <<buffered, visible, sleepers, announcing, wake, queue, where, word, taken, disposals, due, dead,
        gone>>

\* Doorbell.ring: the look at SLEEPERS and WAIT_SET.
LookForSleepers(p) ==
    /\ Lives(p)
    /\ at[p] = (IF Fault = "wake before publication" /\ p \in Publishers THEN "start" ELSE "look")
    /\ Goes(p, IF sleepers # {} THEN "waking"
        ELSE IF Fault = "wake before publication" /\ p \in Publishers THEN "late" ELSE "done")
    /\ UNCHANGED <<buffered, visible, sleepers, announcing, wake, queue, where, word, taken, disposals, due, dead,
        gone>>

\* Doorbell.wakeWord: WAKE + 1 [wake].
Count(p) ==
    /\ Lives(p)
    /\ at[p] = "waking"
    /\ wake' = IF Fault = "word unchanged" THEN wake ELSE wake + 1
    /\ Goes(p, "calling")
    /\ UNCHANGED <<buffered, visible, sleepers, announcing, queue, where, word, taken, disposals, due, dead, gone>>

\* Doorbell.wakeWord: Host.wake, one thread or all.
Call(p) ==
    /\ Lives(p)
    /\ at[p] = "calling"
    /\ IF (Mode = "own" \/ p = Watch \/ Announce = "store") /\ Fault # "one of many"
       THEN queue' = {}
       ELSE IF queue = {} THEN UNCHANGED queue ELSE \E t \in queue : queue' = queue \ {t}
    /\ Goes(p, IF Fault = "wake before publication" /\ p \in Publishers THEN "late" ELSE "done")
    /\ UNCHANGED <<buffered, visible, sleepers, announcing, wake, where, word, taken, disposals, due, dead, gone>>

\* A publisher dies at any step; at a client all publishers are threads of one service.
Die ==
    /\ Deaths /\ Mode = "own" /\ dead = {}
    /\ dead' = Publishers
    /\ UNCHANGED <<buffered, visible, at, sleepers, announcing, wake, queue, where, word, taken, disposals, due,
        gone>>

\* ClientLink.serviceDied: the proof, goneKind; then ClientPort.watch wakes its own, as a publisher does.
SeeDead ==
    /\ dead # {} /\ at[Watch] = "start" /\ buffered = {}
    /\ gone' = TRUE
    /\ Goes(Watch, IF Fault = "watch wakes nobody" THEN "done" ELSE "fence")
    /\ UNCHANGED <<buffered, visible, sleepers, announcing, wake, queue, where, word, taken, disposals, due, dead>>

\* ServicePort.watch: a client that is gone is dropped; its messages become disposals, which wake nobody (R21).
QueueDisposal ==
    /\ due > 0
    /\ due' = due - 1
    /\ disposals' = disposals + 1
    /\ UNCHANGED <<buffered, visible, at, sleepers, announcing, wake, queue, where, word, taken, dead, gone>>

(***************************************************************************)
(* Who sleeps: Waiter.sleepAndLook                                         *)
(***************************************************************************)

Moves(t, place) == where' = [where EXCEPT ![t] = place]

\* Awaited.look: what is there for this thread.
ForMe(t) == IF Mode = "own" THEN visible \cap {t} ELSE visible

\* The wake word is read first.
ReadWord(t) ==
    /\ where[t] = "reading"
    /\ word' = [word EXCEPT ![t] = wake]
    /\ Moves(t, IF Fault = "announced after the look" THEN "looking" ELSE "announcing")
    /\ UNCHANGED <<buffered, visible, at, sleepers, announcing, wake, queue, taken, disposals, due, dead, gone>>

\* PortLife.announceSleeper(1), WaitSet.announce [wake].
AnnounceSleeper(t) ==
    /\ where[t] = "announcing"
    /\ IF Announce = "add"
       THEN sleepers' = sleepers \cup {t} /\ UNCHANGED announcing
       ELSE announcing' = announcing \cup {t} /\ UNCHANGED sleepers
    /\ Moves(t, CASE Fault = "no look after the announcement" -> "sleeping"
                  [] Fault = "announced after the look" -> "sleeping"
                  [] Announce = "store" /\ Fault # "no fence at the sleeper" -> "fencing"
                  [] OTHER -> "looking")
    /\ UNCHANGED <<buffered, visible, at, wake, queue, word, taken, disposals, due, dead, gone>>

DrainAnnouncement(t) ==
    /\ t \in announcing
    /\ announcing' = announcing \ {t}
    /\ sleepers' = sleepers \cup {t}
    /\ UNCHANGED <<buffered, visible, at, wake, queue, where, word, taken, disposals, due, dead, gone>>

SleeperFence(t) ==
    /\ where[t] = "fencing"
    /\ t \notin announcing
    /\ Moves(t, "looking")
    /\ UNCHANGED <<buffered, visible, at, sleepers, announcing, wake, queue, word, taken, disposals, due, dead, gone>>

\* Waiter.sleepAndLook: the last look. What is found ends the wait.
Look(t) ==
    /\ where[t] = "looking"
    /\ IF disposals > 0
       THEN
            /\ disposals' = disposals - 1
            /\ Moves(t, IF Fault = "disposal uses up the wake-up" THEN "withdrawing" ELSE "handing on")
            /\ UNCHANGED <<visible, taken>>
       ELSE IF ForMe(t) # {}
       THEN
            /\ \E m \in ForMe(t) : taken' = taken \cup {m} /\ visible' = visible \ {m}
            /\ Moves(t, "withdrawing")
            /\ UNCHANGED disposals
       ELSE
            /\ Moves(t, IF gone THEN "withdrawing"
                ELSE IF Fault = "announced after the look" THEN "announcing" ELSE "sleeping")
            /\ UNCHANGED <<visible, taken, disposals>>
    /\ UNCHANGED <<buffered, at, sleepers, announcing, wake, queue, word, due, dead, gone>>

\* Host.sleep: the kernel compares the word and holds the thread, in one.
Sleep(t) ==
    /\ where[t] = "sleeping"
    /\ IF wake = word[t]
       THEN queue' = queue \cup {t} /\ Moves(t, "asleep")
       ELSE Moves(t, "again") /\ UNCHANGED queue
    /\ UNCHANGED <<buffered, visible, at, sleepers, announcing, wake, word, taken, disposals, due, dead, gone>>

\* Somebody took it out of the queue.
Awake(t) ==
    /\ where[t] = "asleep" /\ t \notin queue
    /\ Moves(t, "again")
    /\ UNCHANGED <<buffered, visible, at, sleepers, announcing, wake, queue, word, taken, disposals, due, dead, gone>>

\* The time is over, or the thread is interrupted: one more look, and it leaves.
TimeOut(t) ==
    /\ Timeouts
    /\ where[t] = "asleep"
    /\ queue' = queue \ {t}
    /\ Moves(t, "last look")
    /\ UNCHANGED <<buffered, visible, at, sleepers, announcing, wake, word, taken, disposals, due, dead, gone>>

LastLook(t) ==
    /\ where[t] = "last look"
    /\ IF ForMe(t) # {}
       THEN
            /\ \E m \in ForMe(t) : taken' = taken \cup {m} /\ visible' = visible \ {m}
            /\ Moves(t, "withdrawing")
       ELSE Moves(t, "handing on") /\ UNCHANGED <<taken, visible>>
    /\ UNCHANGED <<buffered, at, sleepers, announcing, wake, queue, word, disposals, due, dead, gone>>

\* PortLife.announceSleeper(-1), and once more from the beginning.
Again(t) ==
    /\ where[t] = "again"
    /\ t \notin announcing
    /\ sleepers' = sleepers \ {t}
    /\ Moves(t, "reading")
    /\ UNCHANGED <<buffered, visible, at, announcing, wake, queue, word, taken, disposals, due, dead, gone>>

\* PortLife.announceSleeper(-1), with what was found.
Withdraw(t) ==
    /\ where[t] = "withdrawing"
    /\ t \notin announcing
    /\ sleepers' = sleepers \ {t}
    /\ Moves(t, "back")
    /\ UNCHANGED <<buffered, visible, at, announcing, wake, queue, word, taken, disposals, due, dead, gone>>

\* Waiter.sleepAndLook: who leaves without a message passes the wake-up on. WAKE + 1 and the call are one step here:
\* between them nobody can do what he could not do before or after them.
HandOn(t) ==
    /\ where[t] = "handing on"
    /\ t \notin announcing
    /\ sleepers' = sleepers \ {t}
    /\ IF sleepers \ {t} = {}
       THEN UNCHANGED <<wake, queue>>
       ELSE
            /\ wake' = wake + 1
            /\ IF Mode = "own" THEN queue' = {}
               ELSE IF queue = {} THEN UNCHANGED queue ELSE \E u \in queue : queue' = queue \ {u}
    /\ Moves(t, "back")
    /\ UNCHANGED <<buffered, visible, at, announcing, word, taken, disposals, due, dead, gone>>

Next ==
    \/ \E p \in Wakers : Publish(p) \/ Drain(p) \/ Fence(p) \/ LookForSleepers(p) \/ Count(p) \/ Call(p)
    \/ SeeDead \/ Die \/ QueueDisposal
    \/ \E t \in Threads : ReadWord(t) \/ AnnounceSleeper(t) \/ DrainAnnouncement(t) \/ SleeperFence(t) \/ Look(t) \/
        Sleep(t) \/ Awake(t) \/ TimeOut(t) \/ LastLook(t) \/ Again(t) \/ Withdraw(t) \/ HandOn(t)

\* Publishers that live go on, threads that run go on, store buffers empty. Nobody has to die, or to give up.
Spec ==
    /\ Init /\ [][Next]_vars
    /\ \A p \in Wakers : WF_vars(
        Publish(p) \/ Drain(p) \/ Fence(p) \/ LookForSleepers(p) \/ Count(p) \/ Call(p))
    /\ WF_vars(SeeDead)
    /\ \A t \in Threads : WF_vars(DrainAnnouncement(t)) /\ WF_vars(
        ReadWord(t) \/ AnnounceSleeper(t) \/ SleeperFence(t) \/ Look(t) \/ Sleep(t) \/ Awake(t) \/ LastLook(t) \/
        Again(t) \/ Withdraw(t) \/ HandOn(t))

(***************************************************************************)
(* What must hold                                                          *)
(***************************************************************************)

Waits(t) == where[t] # "back"

\* Each message is taken once.
TakenOnce == taken \cap visible = {}

\* Nobody sleeps on while there is something for him, and all who should wake him are done: the state from which a
\* sleeper would never wake.
NoSleeperForgotten ==
    (\A p \in Wakers : p \in dead \/ at[p] = "done" \/ (p = Watch /\ dead = {})) /\
    (\A t \in Threads : where[t] \in {"asleep", "back"} /\ (where[t] = "asleep" => t \in queue)) /\ buffered = {}
        => \A t \in Threads : where[t] = "asleep" => ForMe(t) = {} /\ ~gone

\* The same in time: what is there for a thread that waits is taken, or the thread waits no more.
Woken == \A t \in Threads : ((ForMe(t) # {} \/ gone) /\ Waits(t)) ~>
    (~Waits(t) \/ (ForMe(t) = {} /\ ~gone))

\* Without timeouts and disposals each message is taken.
AllTaken == \A p \in Publishers : <>(p \in taken)

=============================================================================
