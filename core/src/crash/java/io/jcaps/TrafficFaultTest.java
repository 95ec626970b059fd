/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps;

import io.jcaps.host.FailingHost;
import io.jcaps.host.SteppingHost;
import io.jcaps.layout.Geometry;
import io.jcaps.layout.RegionException;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import java.util.function.Supplier;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Each call into the host of each operation of the traffic fails once, in each way that it can (F38): the caller gets
 * the failure or a result, each message has its one true outcome, each due wake-up is made, nothing remains, and the
 * next message is served. The same with each death: of the peer before or after it, and of the process itself
 * before each of its stores.
 */
@Timeout(value = 10, unit = TimeUnit.MINUTES, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class TrafficFaultTest
{
    private static final int OTHER_UID = 2000;
    private static final int MAX_POINTS = 200;

    /** How a call into the host fails. */
    private enum Fault
    {
        REGION_EXCEPTION(() -> new RegionException("injected")),
        OUT_OF_MEMORY(() -> new OutOfMemoryError("injected")),
        ERROR(() -> new LinkageError("injected")),
        NOTHING(null);

        final Supplier<Throwable> failure;

        Fault(final Supplier<Throwable> failure)
        {
            this.failure = failure;
        }
    }

    /** The process that dies, and when. */
    private enum Death
    {
        NONE, PEER_BEFORE, PEER_AFTER, SELF_AFTER
    }

    private enum Operation
    {
        ACCEPT(false, FaultScene::put, FaultScene::receive),
        ACCEPT_AND_PREFAULT(false, FaultScene::put, FaultScene::receive)
        {
            @Override
            FaultScene scene()
            {
                return new FaultScene(TestRegion.UID, new PortOptions().prefaultLength(FaultScene.LENGTH),
                    new PortOptions());
            }
        },
        REFUSE(false, FaultScene::put, FaultScene::receive)
        {
            @Override
            FaultScene scene()
            {
                return new FaultScene(OTHER_UID, new PortOptions().flags(PortFlags.USER),
                    new PortOptions().flags(PortFlags.USER));
            }

            @Override
            boolean wakesPeer(final FaultScene scene)
            {
                return scene.service.counter(PortCounter.FORGED) > 0;
            }
        },
        CLAIM(true, (scene) -> scene.client.claim(FaultScene.LENGTH, scene.claim)),
        PUT(true, FaultScene::put)
        {
            @Override
            boolean wakesPeer(final FaultScene scene)
            {
                return !scene.put.isEmpty();
            }
        },
        PUT_CLAIM(true,
            (scene) -> scene.client.claim(FaultScene.LENGTH, scene.claim),
            (scene) ->
            {
                final long id = scene.claim.put();
                if (id > 0)
                {
                    scene.put.add(id);
                }
            })
        {
            @Override
            boolean wakesPeer(final FaultScene scene)
            {
                return !scene.put.isEmpty();
            }
        },
        CALL(true,
            (scene) ->
            {
                scene.clientSide.sleeping.onSleep = scene::serve;
                scene.call();
            }),
        CALL_IN_VAIN(true,
            (scene) ->
            {
                scene.clientSide.sleeping.onSleep = () -> Thread.currentThread().interrupt();
                try
                {
                    scene.call();
                }
                finally
                {
                    // It was for the call.
                    Thread.interrupted();
                }
            }),
        TAKE(true,
            (scene) ->
            {
                scene.putAndReceive();
                scene.reply();
            },
            FaultScene::take),
        TAKE_BEHIND_CLOSE(true,
            (scene) ->
            {
                scene.putAndReceive();
                scene.put();
                scene.service.close();
            },
            FaultScene::take)
        {
            @Override
            boolean wakesOwn(final FaultScene scene)
            {
                return !scene.outcomes.isEmpty();
            }
        },
        AWAIT_REPLY(true,
            FaultScene::put,
            (scene) ->
            {
                scene.clientSide.sleeping.onSleep = scene::serve;
                scene.taken(scene.client.await(scene.reply, Long.MAX_VALUE));
            }),
        RELEASE_REPLY(true,
            (scene) ->
            {
                TAKE.prepare.accept(scene);
                scene.take();
            },
            (scene) -> scene.reply.release()),
        ABORT(true,
            FaultScene::acceptAndPut,
            (scene) -> scene.abortResult = scene.client.abort(scene.put.iterator().next(), false))
        {
            @Override
            boolean wakesOwn(final FaultScene scene)
            {
                return scene.abortResult > 0;
            }
        },
        ABORT_AT_SERVICE(true,
            FaultScene::putAndReceive,
            (scene) -> scene.abortResult = scene.client.abort(scene.put.iterator().next(), true))
        {
            @Override
            boolean wakesOwn(final FaultScene scene)
            {
                return scene.abortResult > 0;
            }
        },
        RECEIVE(false, FaultScene::acceptAndPut, FaultScene::receive),
        PEEK(false,
            FaultScene::acceptAndPut,
            (scene) -> scene.received(scene.service.get(scene.request, FaultScene.LENGTH - 1))),
        SKIP(false,
            (scene) ->
            {
                scene.acceptAndPut();
                scene.client.abort(scene.put.iterator().next(), true);
                scene.put();
            },
            FaultScene::receive),
        AWAIT_REQUEST(false,
            (scene) ->
            {
                scene.serviceSide.sleeping.onSleep = () ->
                {
                    if (!scene.clientSide.isDead())
                    {
                        scene.put();
                    }
                    else
                    {
                        Thread.currentThread().interrupt();
                    }
                };
                try
                {
                    scene.received(scene.service.await(scene.request, Long.MAX_VALUE));
                }
                finally
                {
                    Thread.interrupted();
                }
            }),
        AWAIT_DISPOSAL(false,
            (scene) ->
            {
                RELEASE_REPLY.prepare.accept(scene);
                scene.serviceSide.sleeping.onSleep = scene.reply::release;
            },
            (scene) ->
            {
                if (scene.clientSide.isDead())
                {
                    return;
                }
                scene.received(scene.service.await(scene.request, Long.MAX_VALUE));
            }),
        CLAIM_REPLY(false,
            FaultScene::putAndReceive,
            (scene) -> scene.request.claimReply(FaultScene.LENGTH, scene.replyClaim)),
        REPLY(false, FaultScene::putAndReceive, FaultScene::reply)
        {
            @Override
            boolean wakesPeer(final FaultScene scene)
            {
                return !scene.replied.isEmpty();
            }
        },
        REPLY_BY_CLAIM(false,
            (scene) ->
            {
                scene.putAndReceive();
                scene.request.claimReply(FaultScene.LENGTH, scene.replyClaim);
            },
            (scene) -> scene.replied(scene.replyClaim.reply()))
        {
            @Override
            boolean wakesPeer(final FaultScene scene)
            {
                return !scene.replied.isEmpty();
            }
        },
        RELEASE_REQUEST(false,
            (scene) ->
            {
                scene.putAndReceive();
                scene.client.close();
                scene.received(scene.service.get(new Message()));
            },
            (scene) -> scene.request.release()),
        DROP(false,
            (scene) ->
            {
                scene.putAndReceive();
                scene.client.close();
            },
            FaultScene::receive),
        CLIENTS_ROUND(true,
            (scene) ->
            {
                scene.putAndReceive();
                scene.put();
            },
            (scene) -> scene.clientSide.attachment.watch().doWork())
        {
            @Override
            boolean wakesOwn(final FaultScene scene)
            {
                return scene.serviceSide.isDead();
            }
        },
        SERVICES_ROUND(false,
            (scene) ->
            {
                scene.putAndReceive();
                scene.put();
            },
            (scene) -> scene.serviceSide.attachment.watch().doWork()),
        PLACE_ROUND(false,
            (scene) ->
            {
                for (int i = 0; i < 15; i++)
                {
                    scene.serviceSide.attachment.watch().doWork();
                }
            },
            (scene) -> scene.serviceSide.attachment.watch().doWork()),
        WAIT_SET(false,
            (scene) ->
            {
                try (WaitSet waitSet = scene.serviceSide.attachment.waitSet())
                {
                    waitSet.add(scene.service);
                    scene.serviceSide.sleeping.onSleep = () ->
                    {
                        if (!scene.clientSide.isDead())
                        {
                            scene.put();
                        }
                        else
                        {
                            waitSet.remove(scene.service);
                            Thread.currentThread().interrupt();
                        }
                    };
                    if (null != waitSet.await(Long.MAX_VALUE))
                    {
                        scene.receive();
                    }
                }
                finally
                {
                    Thread.interrupted();
                }
            });

        private final boolean isClients;
        private final Consumer<FaultScene> prepare;
        private final Consumer<FaultScene> run;

        Operation(final boolean isClients, final Consumer<FaultScene> run)
        {
            this(isClients, FaultScene::accept, run);
        }

        Operation(final boolean isClients, final Consumer<FaultScene> prepare, final Consumer<FaultScene> run)
        {
            this.isClients = isClients;
            this.prepare = prepare;
            this.run = run;
        }

        FaultScene scene()
        {
            return new FaultScene(TestRegion.UID, new PortOptions().spinCount(0), new PortOptions().spinCount(0));
        }

        /** Whether a sleeper at the peer's port must have been woken, by what has happened. */
        boolean wakesPeer(final FaultScene scene)
        {
            return false;
        }

        /** Whether a sleeper at the own port must have been woken, by what has happened. */
        boolean wakesOwn(final FaultScene scene)
        {
            return false;
        }
    }

    @ParameterizedTest
    @EnumSource(Operation.class)
    @DisplayName("F38, F45, B1: each failing call into the host, with and without the peer's death before or after it")
    void shouldServeWhicheverCallFails(final Operation operation)
    {
        int points = 0;
        for (final Fault fault : Fault.values())
        {
            for (final Death death : Death.values())
            {
                boolean hasFailed = true;
                for (int call = 0; hasFailed; call++)
                {
                    assertThat(call).isLessThan(MAX_POINTS);
                    hasFailed = checkPoint(operation, fault, call, death);
                    points++;
                }
            }
        }
        System.out.println("host faults: " + points + " of " + operation);
    }

    @ParameterizedTest
    @EnumSource(Operation.class)
    @Tag("full")
    @DisplayName("F38, F1, F2, B1: each failing call into the host, and the process's death before each store")
    void shouldServeWhateverStoreProcessDiesBefore(final Operation operation)
    {
        int points = 0;
        for (final Fault fault : Fault.values())
        {
            boolean hasFailed = true;
            for (int call = 0; hasFailed; call++)
            {
                hasFailed = false;
                boolean hasDied = true;
                for (int store = 0; hasDied; store++)
                {
                    assertThat(store).isLessThan(MAX_POINTS);
                    final FaultScene scene = operation.scene();
                    operation.prepare.accept(scene);
                    final FaultScene.Side side = operation.isClients ? scene.clientSide : scene.serviceSide;
                    side.stepping.dieBefore(store);
                    hasFailed |= runFailing(operation, scene, side, fault, call);
                    side.stepping.beforeStore(null);
                    hasDied = side.isDead();
                    scene.isUncertain = hasDied;
                    if (hasDied)
                    {
                        side.bury();
                    }
                    checkAftermath(operation, scene, side,
                        operation + ", " + fault + " at call " + call + ", store " + store);
                    points++;
                }
            }
        }
        System.out.println("host faults and deaths: " + points + " of " + operation);
    }

    @ParameterizedTest
    @EnumSource(Fault.class)
    @DisplayName("F38, F40: an attachment's close ends each wait, even if a call into the host fails in it")
    void shouldEndWaitsWhicheverCallOfCloseFails(final Fault fault) throws InterruptedException
    {
        boolean hasFailed = true;
        for (int call = 0; hasFailed; call++)
        {
            final TestFutex futex = new TestFutex();
            final TestRegion region = new TestRegion(new Geometry(4, 8, 4, 4, FaultScene.LENGTH), futex);
            final FailingHost host = new FailingHost(region.host());
            final Attachment attachment = region.attach(host);
            final ServicePort service = attachment.service(TestRegion.NAME, new PortOptions().spinCount(0));
            final AtomicInteger result = new AtomicInteger();
            final Thread waiter = new Thread(() -> result.set(service.await(new Message(), Long.MAX_VALUE)));
            waiter.start();
            while (0 == futex.sleeperCount())
            {
                Thread.onSpinWait();
            }
            host.failAt(call, fault.failure);
            try
            {
                attachment.close();
            }
            catch (final RegionException | OutOfMemoryError | LinkageError ex)
            {
                assertThat(ex).hasMessage("injected");
            }
            waiter.join();
            assertThat(result.get()).isEqualTo(Status.CLOSED);
            hasFailed = host.stopFailing();
            attachment.close();
            region.close();
        }
    }

    private static boolean checkPoint(
        final Operation operation, final Fault fault, final int call, final Death death)
    {
        final FaultScene scene = operation.scene();
        operation.prepare.accept(scene);
        final FaultScene.Side side = operation.isClients ? scene.clientSide : scene.serviceSide;
        final FaultScene.Side peer = operation.isClients ? scene.serviceSide : scene.clientSide;
        if (Death.PEER_BEFORE == death)
        {
            peer.bury();
        }
        final boolean hasFailed = runFailing(operation, scene, side, fault, call);
        if (Death.PEER_AFTER == death && !peer.isDead())
        {
            peer.bury();
        }
        else if (Death.SELF_AFTER == death)
        {
            side.bury();
        }
        checkAftermath(operation, scene, side, operation + ", " + fault + " at call " + call + ", death " + death);
        return hasFailed;
    }

    private static boolean runFailing(
        final Operation operation,
        final FaultScene scene,
        final FaultScene.Side side,
        final Fault fault,
        final int call)
    {
        side.wakes.counts.clear();
        side.failing.failAt(call, fault.failure);
        try
        {
            operation.run.accept(scene);
        }
        catch (final SteppingHost.Death ignore)
        {
            // As wanted.
        }
        catch (final CapsException ex)
        {
            assertThat(ex.status()).isIn(Status.TIMED_OUT, Status.NO_SPACE, Status.NO_BUFFERS);
        }
        catch (final RegionException | OutOfMemoryError | LinkageError ex)
        {
            assertThat(ex).hasMessage("injected");
        }
        final boolean hasFailed = side.failing.stopFailing();
        scene.clientSide.sleeping.onSleep = null;
        scene.serviceSide.sleeping.onSleep = null;
        if (operation == Operation.CALL || operation == Operation.CALL_IN_VAIN)
        {
            scene.failedCall();
        }
        return hasFailed;
    }

    private static void checkAftermath(
        final Operation operation, final FaultScene scene, final FaultScene.Side side, final String point)
    {
        try
        {
            final boolean isPeerLiving = !scene.serviceSide.isDead() && !scene.clientSide.isDead();
            final boolean wakesPeer = isPeerLiving && operation.wakesPeer(scene);
            scene.settle();
            final boolean wakesOwn = !side.isDead() && operation.wakesOwn(scene);
            final Port own = operation.isClients ? scene.client : scene.service;
            final Port peer = operation.isClients ? scene.service : scene.client;
            assertThat(!wakesPeer || scene.wakeCount(side, peer) > 0).as("peer's sleeper woken").isTrue();
            assertThat(!wakesOwn || scene.wakeCount(side, own) > 0).as("own sleeper woken").isTrue();
            scene.checkTraffic();
            scene.close();
        }
        catch (final Throwable ex)
        {
            throw new AssertionError(point, ex);
        }
    }
}
