# O que o Farol diz por conta própria, em português do Brasil.

incident-investigating = Investigando
incident-identified = Causa identificada
incident-monitoring = Monitorando
incident-resolved = Resolvido
incident-postmortem = Análise do incidente

maintenance-scheduled = Agendada
maintenance-reminder = Começa em breve
maintenance-in_progress = Em andamento
maintenance-verifying = Em verificação
maintenance-completed = Concluída
maintenance-cancelled = Cancelada

component-operational = operacional
component-under_maintenance = em manutenção
component-degraded_performance = desempenho degradado
component-partial_outage = interrupção parcial
component-major_outage = interrupção grave

impact-none = Nenhum
impact-minor = Baixo
impact-major = Alto
impact-critical = Crítico

fact-impact = Impacto
fact-affected = Afetados
fact-started = Início
fact-duration = Duração
fact-planned = Prevista para
fact-instead = Em vez de
fact-repeats = Repete-se
fact-since = Desde
fact-next = Próximo passo
fact-subscription = Inscrição
fact-reason = Motivo
fact-disabled = Desativação

next-investigating = Encontrar a causa
next-identified = Aplicar a correção
next-monitoring = Confirmar que a correção se mantém

text-incident = Há novidades sobre este incidente.
text-maintenance-scheduled = Há uma manutenção agendada.
text-maintenance-reminder = Esta manutenção começa em { $duration }.
text-maintenance-in_progress = A manutenção começou.
text-maintenance-verifying = O trabalho terminou; estamos verificando se tudo funciona.
text-maintenance-completed = A manutenção foi concluída.
text-maintenance-cancelled = Esta manutenção não será realizada.
text-maintenance-moved = Esta manutenção mudou de data.
text-maintenance-extended = Esta manutenção vai durar mais do que o previsto.
text-maintenance-unannounced = O horário desta manutenção já passou e ela foi concluída. Não conseguimos avisar sobre o início.
text-maintenance = Há novidades sobre esta manutenção.
text-component = O status mudou de “{ $before }” para “{ $now }”.
text-other = Há novidades na página de status.

test-state = Teste
test-title = Mensagem de teste
test-text = Se você está lendo isto, as mensagens de { $page } chegam aqui. Nada aconteceu.

confirm-state = Confirme a inscrição
confirm-text = Alguém, provavelmente você, pediu para receber neste endereço avisos sobre o status de { $page }. Confirme que deseja receber essas mensagens. Se não foi você, ignore este aviso e não enviaremos mais nada.
already-state = Você já está inscrito
already-text = Alguém, provavelmente você, pediu de novo para receber neste endereço avisos sobre o status de { $page }. Você já está inscrito; nada mudou.

action-state = Requer atenção
credential-title = Credencial recusada: { $channel }
credential-text = O provedor de { $channel } recusa uma credencial, como o token de um bot, que suas inscrições compartilham. As mensagens esperam e ninguém perde a inscrição; o Farol tenta de novo sozinho, por fim uma vez por hora. Renove a credencial com o provedor ou coloque uma nova nessas inscrições: então o que espera será enviado.
failing-title = As mensagens não chegam: { $channel }
failing-text = Nenhuma mensagem a uma inscrição por { $channel } chegou desde { $since }. O Farol continua tentando; se nenhuma chegar até { $disabled }, a inscrição será desativada e não receberá mais nada. Verifique se o destino ainda existe e aceita mensagens, ou altere a inscrição.

subscription-pending = a confirmar
subscription-active = ativa
subscription-paused = em pausa
subscription-disabled = desativada

leaf-confirm-title = Confirme sua inscrição
leaf-confirm-text = As mensagens sobre { $page } chegarão a { $address }.
leaf-confirm-button = Confirmar a inscrição
leaf-confirmed-title = Você está inscrito
leaf-confirmed-text = Cada mensagem tem um link para alterar ou cancelar a inscrição.
leaf-unsubscribe-text = Nenhuma mensagem sobre { $page } chegará mais a { $address }.
leaf-unsubscribed-title = Você não está mais inscrito
leaf-unsubscribed-text = Nenhuma mensagem é mais enviada, e seu endereço foi esquecido.
leaf-manage-title = Sua inscrição
leaf-manage-text = As mensagens sobre { $page } chegam a { $address }. A inscrição está { $state }.

digest-state =
    { $count ->
        [one] { $count } atualização
       *[other] { $count } atualizações
    }

repeats-daily =
    { $count ->
        [1] todos os dias
       *[other] a cada { $count } dias
    }
repeats-weekly =
    { $count ->
        [1] toda semana
       *[other] a cada { $count } semanas
    }
repeats-monthly =
    { $count ->
        [1] todo mês
       *[other] a cada { $count } meses
    }
repeats-yearly =
    { $count ->
        [1] todo ano
       *[other] a cada { $count } anos
    }
repeats-otherwise = regularmente
repeats-on = { $often }: { $days }
weekday =
    { $number ->
        [1] segunda-feira
        [2] terça-feira
        [3] quarta-feira
        [4] quinta-feira
        [5] sexta-feira
        [6] sábado
       *[7] domingo
    }

link-incident = Ver incidente
link-maintenance = Ver manutenção
link-postmortem = Ler a análise
link-page = Abrir a página de status
link-confirm = Confirmar
link-manage = Alterar a inscrição
link-unsubscribe = Cancelar a inscrição

read-on = continue lendo: { $url }
and-more = e mais { $count }

duration-days =
    { $count ->
        [one] { $count } dia
       *[other] { $count } dias
    }
duration-hours = { $count } h
duration-minutes = { $count } min
duration-moment = menos de um minuto

date =
    { $day ->
        [1] 1º
       *[other] { $day }
    } de { $month } de { $year }
moment = { $date }, { $time } ({ $zone })
month =
    { $number ->
        [1] janeiro
        [2] fevereiro
        [3] março
        [4] abril
        [5] maio
        [6] junho
        [7] julho
        [8] agosto
        [9] setembro
        [10] outubro
        [11] novembro
       *[12] dezembro
    }
